// The correction form: selected text into a field, keys, saving. Every action also works without it.
// letter-side.js and citation-lines.js come before it.
"use strict";

let lastField = null;
let selected = null; // what was selected when the browser last told of it, which it does some time after the fact
let shownEvidence = "";
let changed = false;
let leaving = false;
let filling = null; // a fill that waits for the server

function fieldOf(element) {
  return element?.closest?.(".fix");
}

// Where the letter says so: a guideline has a place of its own, and where a value has none, what is doubtful about it.
function evidenceOf(fix, element) {
  const cited = element?.closest(".citation-line")?.querySelector("[name^='n:']")?.value;
  return cited || fix.querySelector("[data-evidence]").value || fix.querySelector("[data-shows]")?.dataset.shows || "";
}

document.addEventListener("focusin", (event) => {
  const fix = fieldOf(event.target);
  if (!fix || !fixes.contains(fix)) return;
  const evidence = evidenceOf(fix, event.target);
  if (fix !== lastField || evidence !== shownEvidence) showEvidence(evidence);
  shownEvidence = evidence;
  lastField = fix;
  markPictures();
  offer();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-shows]");
  if (link) {
    event.preventDefault();
    showEvidence(link.dataset.shows);
  }
  const view = event.target.closest("[data-view]");
  if (view) showView(view.dataset.view);
  const clearing = event.target.closest("[data-clears]");
  if (clearing) removeCitation(clearing.closest(".citation-line"));
  if (event.target.closest("[data-fill]")) fill();
});

// Selected text into a field

// What was selected is kept while the person goes on to a field; a new selection or typing replaces it.
document.addEventListener("selectionchange", () => {
  const now = selectedNow();
  if (now || letter.contains(document.getSelection().anchorNode)) selected = now;
  offer();
});

function offer() {
  const box = document.querySelector("[data-selection]");
  const hint = document.querySelector("[data-selection-hint]");
  const ofPages = document.querySelector("[data-pages-hint]");
  const label = lastField?.querySelector(".fix-label")?.textContent.trim();
  box.hidden = !(selected && label);
  const onPages = Boolean(pictures && !pictures.hidden);
  if (hint) hint.hidden = !box.hidden || onPages;
  if (ofPages) ofPages.hidden = !box.hidden || !onPages;
  if (box.hidden) return;
  const words = selected.text.length > 16 ? `${selected.text.slice(0, 16)}…` : selected.text;
  box.querySelector("button").textContent = `Fill “${label}” with “${words}” (Alt+F)`;
}

async function fill() {
  const chosen = selectedNow() || selected;
  if (!chosen) {
    say(letter.hidden ? "Words are selected in the text: choose Text above the letter." : "Select the words in the letter first.", "error");
    return;
  }
  if (!lastField) {
    say("Go to the field that the words belong in first.", "error");
    return;
  }
  if (filling) return;
  const fix = lastField;
  const evidence = `${chosen.start}-${chosen.end}`;
  if (fix.dataset.kind === "citations") {
    filling = fillCitations(fix, evidence);
    const filled = await filling;
    filling = null;
    if (!filled) return;
  } else if (!fillValue(fix, chosen.text.replace(/-\s*\n\s*/g, "-").replace(/\s+/g, " ").trim())) {
    say("The selected text is no value for this field.", "error");
    return;
  }
  changed = true;
  fix.querySelector("[data-evidence]").value = evidence;
  if (fix !== lastField) return; // the person went on while the server read the guideline
  document.getSelection().removeAllRanges();
  selected = null;
  showEvidence(evidence);
  offer();
}

function fillValue(fix, text) {
  const input = fix.querySelector("[id^='f-']");
  const value = valueFor(fix.dataset.kind, input, text);
  if (value === null) return false;
  if (input.type === "checkbox") input.checked = true;
  else input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.focus();
  return true;
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

function valueFor(kind, input, text) {
  if (kind === "date") return dateFrom(text);
  if (kind === "number") return text.match(/\d+/)?.[0] ?? null;
  if (kind === "choice") {
    const words = text.toLowerCase();
    return [...input.options].find((option) => option.value && words.includes(option.value))?.value ?? null;
  }
  if (kind === "names") return text.split(/,\s*/).join("\n");
  return text;
}

function dateFrom(text) {
  let parts = text.match(/(\d{4})-(\d{1,2})-(\d{1,2})/);
  if (parts) return iso(parts[1], parts[2], parts[3]);
  parts = text.match(/(\d{1,2})[/-](\d{1,2})[/-](\d{2,4})/);
  if (parts) return iso(parts[3].length === 2 ? `20${parts[3]}` : parts[3], parts[1], parts[2]);
  parts = text.match(/([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})/);
  const month = parts ? MONTHS.indexOf(parts[1].toLowerCase()) : -1;
  return month < 0 ? null : iso(parts[3], month + 1, parts[2]);
}

function iso(year, month, day) {
  return `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}

// Keys

const isEmpty = (fix) => ["line", "date", "number", "choice"].includes(fix.dataset.kind) && !fix.querySelector("[id^='f-']").value;

// The next field in doubt; where none is, the next one that is empty.
function nextDoubt() {
  let doubts = [...fixes.querySelectorAll(".wants-a-look")];
  if (!doubts.length) doubts = [...fixes.querySelectorAll(".fix")].filter(isEmpty);
  if (!doubts.length) return;
  const at = lastField ? doubts.findIndex((fix) => lastField.compareDocumentPosition(fix) & 4) : 0;
  const fix = doubts[at < 0 ? 0 : at];
  const more = fix.closest("details");
  if (more) more.open = true;
  const input = fix.querySelector("[id^='f-'], .citation-line input");
  input?.focus();
  if (input?.matches("input:not([type=checkbox])")) input.select(); // what is typed takes its place, as after Tab
  fix.scrollIntoView({ block: "center" });
}

// The decision of the next item, or of the one before: what is most often put right.
function nextItem(step) {
  const decisions = [...fixes.querySelectorAll("[id^='f-items-'][id$='-decision']")];
  const item = lastField?.closest(".fix-item");
  const at = decisions.findIndex((each) => item?.contains(each));
  decisions[at < 0 ? 0 : Math.min(decisions.length - 1, Math.max(0, at + step))]?.focus();
}

// What can be done with the item as a whole: its menu, opened.
function openItemMenu() {
  const menu = (lastField?.closest(".fix-item") || fixes.querySelector(".fix-item"))?.querySelector("details.menu");
  if (!menu) return;
  menu.open = true;
  menu.querySelector("button:not([disabled])")?.focus();
}

function toggle(box) {
  if (!box) return;
  box.checked = !box.checked;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    fixes.requestSubmit(fixes.querySelector(event.shiftKey ? "[name=then]" : "#save"));
    return;
  }
  if (!event.altKey || event.ctrlKey || event.metaKey) return;
  const keys = {
    KeyP: nextDoubt,
    KeyE: () => lastField && showEvidence(evidenceOf(lastField, document.activeElement)),
    KeyC: () => toggle(lastField?.querySelector(".fix-confirm input")),
    KeyA: () => toggle(document.getElementById("everything")),
    KeyF: fill,
    KeyJ: () => nextItem(1),
    KeyK: () => nextItem(-1),
    KeyG: nextGuidelines,
    Delete: () => removeCitation(document.activeElement.closest(".citation-line")),
    KeyM: openItemMenu,
    KeyR: () => document.getElementById("reason").focus(),
    KeyL: walkLetter,
    KeyV: () => document.querySelector("[data-view]") && showView(pictures.hidden ? "pictures" : "text"),
    KeyS: () => document.querySelector("[data-key='snooze']")?.click(),
    KeyT: () => document.querySelector("[data-key='take']")?.click(),
    BracketLeft: () => document.querySelector("[data-key='[']")?.click(),
    BracketRight: () => document.querySelector("[data-key=']']")?.click(),
  };
  if (keys[event.code]) {
    event.preventDefault();
    keys[event.code]();
  }
});

// Nothing typed is lost by a wrong key, and nothing is sent twice by a key that is pressed twice.

const PATIENCE = 10_000;

fixes.addEventListener("input", () => {
  changed = true;
  selected = selectedNow();
  offer();
});
fixes.addEventListener("submit", (event) => {
  if (leaving || filling) event.preventDefault();
  if (leaving) return;
  if (filling) {
    filling.then(() => window.setTimeout(() => fixes.requestSubmit(event.submitter)));
    return;
  }
  leaving = true;
  window.setTimeout(() => {
    leaving = false; // no answer came: the person may try again
  }, PATIENCE);
});
window.addEventListener("pageshow", () => {
  leaving = false;
});
window.addEventListener("beforeunload", (event) => {
  if (changed && !leaving) event.preventDefault();
});

if (kept("correction-view") === "pictures") showView("pictures");
document.querySelector("[data-focus]")?.focus();
if (document.querySelector("mark")) showEvidence(new URLSearchParams(location.search).get("evidence"));
else if (!document.querySelector("[data-focus]")) {
  const item = fixes.querySelector("[data-changed-item]");
  if (item) {
    item.scrollIntoView({ block: "start" });
    item.querySelector("[id^='f-']").focus();
  } else nextDoubt();
}
