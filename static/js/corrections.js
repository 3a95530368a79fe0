// The correction form: selected text into a field, keys, saving. Every action also works without scripts.

import { fillCitations, nextGuidelines, removeCitation } from "./corrections-citations.js";
import { dateFrom, echoDates } from "./corrections-dates.js";
import { current, evidenceOf, fieldOf, fixes, inputOf, letter, pictures } from "./corrections-field.js";
import { markPictures, selectedNow, showEvidence, showView, walkLetter } from "./corrections-letter.js";
import { kept } from "./remembered.js";
import { say } from "./toast.js";

let selected = null; // the last selection in the letter; browsers report selections with a delay
let shownEvidence = "";
let leaving = false;
let filling = null; // a fill that waits for the server

document.addEventListener("focusin", (event) => {
  const field = fieldOf(event.target);
  if (!field || !fixes.contains(field)) return;
  const evidence = evidenceOf(field, event.target);
  if (field !== current.field || evidence !== shownEvidence) showEvidence(evidence);
  shownEvidence = evidence;
  current.field = field;
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

// A selection is kept while the user moves to a field; a new selection or typing replaces it.
document.addEventListener("selectionchange", () => {
  const now = selectedNow();
  if (now || letter.contains(document.getSelection().anchorNode)) selected = now;
  offer();
});
letter.addEventListener("view-changed", offer);
letter.addEventListener("words-chosen", fill);

function offer() {
  const box = document.querySelector("[data-selection]");
  const hint = document.querySelector("[data-selection-hint]");
  const ofPages = document.querySelector("[data-pages-hint]");
  const label = current.field?.querySelector(".fix-label")?.textContent.trim();
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
    say(letter.hidden ? "To select words, choose Text above the letter." : "Select the words in the letter first.", "error");
    return;
  }
  if (!current.field) {
    say("Click the field to fill first.", "error");
    return;
  }
  if (filling) return;
  const field = current.field;
  const evidence = `${chosen.start}-${chosen.end}`;
  if (field.dataset.kind === "citations") {
    filling = fillCitations(field, evidence);
    const filled = await filling;
    filling = null;
    if (!filled) return;
  } else if (!fillValue(field, chosen.text.replace(/-\s*\n\s*/g, "-").replace(/\s+/g, " ").trim())) {
    say("The selected text does not fit this field.", "error");
    return;
  }
  current.changed = true;
  field.querySelector("[data-evidence]").value = evidence;
  if (field !== current.field) return; // the user moved on while the server read the guideline
  document.getSelection().removeAllRanges();
  selected = null;
  showEvidence(evidence);
  offer();
}

function fillValue(field, text) {
  const input = inputOf(field);
  const value = valueFor(field.dataset.kind, input, text);
  if (value === null) return false;
  if (input.type === "checkbox") input.checked = true;
  else input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.focus();
  return true;
}

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

// Keys

const isEmpty = (field) => ["line", "date", "number", "choice"].includes(field.dataset.kind) && !inputOf(field).value;

// The next doubtful field, or the next empty field if no field is doubtful.
function nextDoubt() {
  let doubts = [...fixes.querySelectorAll(".needs-review")];
  if (!doubts.length) doubts = [...fixes.querySelectorAll(".fix")].filter(isEmpty);
  if (!doubts.length) return;
  const at = current.field ? doubts.findIndex((field) => current.field.compareDocumentPosition(field) & 4) : 0;
  const field = doubts[at < 0 ? 0 : at];
  const more = field.closest("details");
  if (more) more.open = true;
  const input = inputOf(field);
  input?.focus();
  if (input?.matches("input:not([type=checkbox])")) input.select(); // typing replaces the value, as after Tab
  field.scrollIntoView({ block: "center" });
}

// The decision of the next or previous item: the value that is corrected most often.
function nextItem(step) {
  const decisions = [...fixes.querySelectorAll("[id^='field-items-'][id$='-decision']")];
  const item = current.field?.closest(".fix-item");
  const at = decisions.findIndex((decision) => item?.contains(decision));
  decisions[at < 0 ? 0 : Math.min(decisions.length - 1, Math.max(0, at + step))]?.focus();
}

// Open the item's menu: move, merge, split, remove.
function openItemMenu() {
  const menu = (current.field?.closest(".fix-item") || fixes.querySelector(".fix-item"))?.querySelector("details.menu");
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
    KeyE: () => current.field && showEvidence(evidenceOf(current.field, document.activeElement)),
    KeyC: () => toggle(current.field?.querySelector(".fix-confirm input")),
    KeyA: () => toggle(document.getElementById("confirm_rest")),
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

// A wrong key loses nothing typed, and a key pressed twice sends nothing twice.

const PATIENCE = 10_000;

fixes.addEventListener("input", () => {
  current.changed = true;
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
    leaving = false; // the server did not respond: the user can try again
  }, PATIENCE);
});
window.addEventListener("pageshow", () => {
  leaving = false;
});
window.addEventListener("beforeunload", (event) => {
  if (current.changed && !leaving) event.preventDefault();
});

echoDates(fixes);
if (kept("correction-view") === "pictures") showView("pictures");
document.querySelector("[data-focus]")?.focus();
if (document.querySelector("mark")) showEvidence(new URLSearchParams(location.search).get("evidence"));
else if (!document.querySelector("[data-focus]")) {
  const item = fixes.querySelector("[data-changed-item]");
  if (item) {
    item.scrollIntoView({ block: "start" });
    inputOf(item).focus();
  } else nextDoubt();
}
