// The correction screen: evidence beside a field, selected text into a field, keys. Every action also works without it.
"use strict";

const fixes = document.getElementById("fixes");
const letter = document.querySelector(".letter-side .letter-text");
let lastField = null;
let selected = null; // what was selected when the browser last told of it, which it does some time after the fact
let changed = false;
let leaving = false;
let filling = null; // a fill that waits for the server

// Offsets count characters as the server does (code points); a string of the browser counts UTF-16 units.
const unitsOf = (text, characters) => Array.from(text).slice(0, characters).join("").length;
const charactersOf = (text, units) => Array.from(text.slice(0, units)).length;

function showEvidence(printed) {
  const [start, end] = (printed || "").split("-").map(Number);
  for (const mark of letter.querySelectorAll("mark")) {
    const lines = mark.parentNode;
    mark.replaceWith(mark.textContent);
    lines.normalize();
  }
  if (!(end > start)) return;
  let first = null;
  for (const lines of letter.querySelectorAll(".letter-lines")) {
    const text = lines.textContent;
    const from = Number(lines.dataset.start);
    const length = Array.from(text).length;
    const a = Math.max(start - from, 0);
    const b = Math.min(end - from, length);
    if (a >= b) continue;
    const mark = document.createElement("mark");
    const [left, right] = [unitsOf(text, a), unitsOf(text, b)];
    mark.textContent = text.slice(left, right);
    lines.replaceChildren(text.slice(0, left), mark, text.slice(right));
    first = first || mark;
  }
  if (first) {
    const place = first.getBoundingClientRect();
    const frame = letter.getBoundingClientRect();
    letter.scrollTop += place.top - frame.top - letter.clientHeight / 3;
  }
}

// The letter as pictures, the places of the field's value marked on them

const pictures = document.querySelector(".letter-pictures");
let boxes = null;

async function showView(name) {
  if (!pictures) return;
  pictures.hidden = name !== "pictures";
  letter.hidden = name === "pictures";
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === name));
  }
  keep("correction-view", name);
  offer();
  if (pictures.hidden) return;
  for (const image of pictures.querySelectorAll("img[data-src]")) {
    image.src = image.dataset.src;
    image.removeAttribute("data-src");
  }
  markPictures();
}

async function placesOnPages() {
  try {
    const answer = await fetch(pictures.dataset.boxes);
    if (answer.ok) return (await answer.json()).boxes;
  } catch {
    // Said below, like every other answer that is of no use.
  }
  boxes = null; // asked for again at the next field
  say("Places in the pictures could not be read; the text view has them.", "error");
  return [];
}

async function markPictures() {
  if (!pictures || pictures.hidden || !lastField) return;
  boxes = boxes || placesOnPages();
  const known = await boxes;
  const place = lastField.dataset.place; // the field of now, which may be another than before the answer
  const found = known.filter((box) => box.path === place || box.path.startsWith(`${place}/`));
  for (const old of pictures.querySelectorAll(".picture-mark")) old.remove();
  for (const box of found) {
    const mark = document.createElement("div");
    mark.className = "picture-mark";
    for (const side of ["left", "top", "width", "height"]) mark.style[side] = `${box[side] * 100}%`;
    pictures.querySelector(`[data-page="${box.page}"] .picture-frame`)?.append(mark);
  }
  pictures.querySelector(".picture-mark")?.scrollIntoView({ block: "center", inline: "nearest" });
}

function fieldOf(element) {
  return element?.closest?.(".fix");
}

document.addEventListener("focusin", (event) => {
  const fix = fieldOf(event.target);
  if (!fix || !fixes.contains(fix)) return;
  if (fix !== lastField) showEvidence(fix.querySelector("[data-evidence]").value);
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
  if (clearing) {
    for (const input of clearing.closest(".citation-line").querySelectorAll("input")) input.value = "";
    clearing.closest(".citation-line").hidden = true;
  }
  if (event.target.closest("[data-fill]")) fill();
});

// Selected text

// What was selected is kept while the person goes on to a field; a new selection or typing replaces it.
document.addEventListener("selectionchange", () => {
  const now = selectedNow();
  if (now || letter.contains(document.getSelection().anchorNode)) selected = now;
  offer();
});

function selectedNow() {
  const selection = document.getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (!letter.contains(range.startContainer)) return null;
  let [start, text] = [null, ""];
  for (const lines of letter.querySelectorAll(".letter-lines")) {
    if (!range.intersectsNode(lines)) continue;
    const whole = lines.textContent;
    const left = lines.contains(range.startContainer) ? unitsBefore(lines, range.startContainer, range.startOffset) : 0;
    const right = lines.contains(range.endContainer) ? unitsBefore(lines, range.endContainer, range.endOffset) : whole.length;
    const piece = text ? whole.slice(left, right) : whole.slice(left, right).trimStart();
    if (piece && start === null) start = Number(lines.dataset.start) + charactersOf(whole, right - piece.length);
    text += piece;
  }
  text = text.trimEnd();
  return text ? { start, end: start + Array.from(text).length, text } : null;
}

function unitsBefore(lines, node, offset) {
  const range = document.createRange();
  range.setStart(lines, 0);
  range.setEnd(node, offset);
  return range.toString().length;
}

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

async function fillCitations(fix, evidence) {
  const body = new FormData();
  body.set("evidence", evidence);
  body.set("csrfmiddlewaretoken", fixes.querySelector("[name=csrfmiddlewaretoken]").value);
  let citations;
  try {
    const answer = await fetch(fixes.dataset.line, { method: "POST", body });
    if (!answer.ok) throw new Error(answer.statusText);
    ({ citations } = await answer.json());
  } catch {
    say("The guideline could not be read. Nothing was lost; try again.", "error");
    return false;
  }
  if (!citations.length) {
    say("No guideline was found in the selected text.", "error");
    return false;
  }
  const path = fix.dataset.path;
  for (const cited of citations) {
    const blank = fix.querySelector("[data-blank]");
    const place = fix.querySelectorAll(".citation-line").length;
    const following = blank.cloneNode(true);
    for (const input of following.querySelectorAll("input")) input.name = input.name.replace(/:\d+$/, `:${place}`);
    const at = blank.querySelector("input").name.match(/:(\d+)$/)[1];
    const set = (letter, value) => {
      blank.querySelector(`[name="${letter}:${path}:${at}"]`).value = value;
    };
    set("a", cited.authority);
    set("d", cited.edition || "");
    set("s", cited.sections.join(" | "));
    set("p", cited.pages.join(", "));
    set("t", cited.text);
    set("n", cited.span.join("-"));
    blank.removeAttribute("data-blank");
    blank.after(following);
  }
  if (fix === lastField) fix.querySelector(".citation-line:not([data-blank]) input")?.focus();
  return true;
}

// A blank line that somebody fills gets another blank one below it.
document.addEventListener("input", (event) => {
  const blank = event.target.closest("[data-blank]");
  if (!blank || !event.target.value) return;
  const fix = fieldOf(blank);
  const following = blank.cloneNode(true);
  const place = fix.querySelectorAll(".citation-line").length;
  for (const input of following.querySelectorAll("input")) {
    input.value = "";
    input.name = input.name.replace(/:\d+$/, `:${place}`);
  }
  blank.removeAttribute("data-blank");
  blank.after(following);
});

// On a narrow screen the letter lies under a button, and beside the field when it is opened.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-shows-letter]");
  if (!opener) return;
  const open = document.body.classList.toggle("letter-open");
  opener.setAttribute("aria-expanded", String(open));
  if (open && lastField) showEvidence(lastField.querySelector("[data-evidence]").value);
  lastField?.scrollIntoView({ block: "start" });
});

// Words of the letter by keys: arrows walk, with Shift they widen, Enter fills, Escape goes back to the field

let words = [];
let [anchor, head] = [0, 0];

function walkLetter() {
  if (letter.hidden) showView("text");
  words = [];
  let row = 0;
  for (const lines of letter.querySelectorAll(".letter-lines")) {
    for (const { 0: found, index } of lines.textContent.matchAll(/\n|[^\s]+/g)) {
      if (found === "\n") row += 1;
      else words.push({ lines, row, from: index, to: index + found.length });
    }
    row += 1;
  }
  if (!words.length) return;
  const mark = letter.querySelector("mark");
  const at = mark ? unitsBefore(mark.closest(".letter-lines"), mark, 0) : 0;
  const first = words.findIndex((word) => word.lines === (mark ? mark.closest(".letter-lines") : word.lines) && word.to > at);
  anchor = head = Math.max(first, 0);
  letter.focus({ preventScroll: true });
  selectWords();
}

function selectWords() {
  const [first, last] = [words[Math.min(anchor, head)], words[Math.max(anchor, head)]];
  const range = document.createRange();
  range.setStart(...placeOf(first.lines, first.from));
  range.setEnd(...placeOf(last.lines, last.to));
  const selection = document.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  const place = words[head] === last ? range.getBoundingClientRect().bottom : range.getBoundingClientRect().top;
  const frame = letter.getBoundingClientRect();
  if (place < frame.top + 24 || place > frame.bottom - 24) letter.scrollTop += place - frame.top - letter.clientHeight / 2;
}

function placeOf(lines, units) {
  const walker = document.createTreeWalker(lines, NodeFilter.SHOW_TEXT);
  let node = walker.nextNode();
  while (units > node.length) {
    units -= node.length;
    node = walker.nextNode();
  }
  return [node, units];
}

// The word of the row above or below that stands as far to the right.
function inRow(step) {
  const { row } = words[head];
  const column = head - words.findIndex((word) => word.row === row);
  let at = head;
  while (words[at + step] && words[at].row === row) at += step;
  const beginning = words.findIndex((word) => word.row === words[at].row);
  const beyond = words.findIndex((word) => word.row > words[at].row);
  return Math.min(beginning + column, (beyond < 0 ? words.length : beyond) - 1);
}

letter.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || !words.length) return;
  const to = {
    ArrowRight: () => Math.min(head + 1, words.length - 1),
    ArrowLeft: () => Math.max(head - 1, 0),
    ArrowDown: () => inRow(1),
    ArrowUp: () => inRow(-1),
  }[event.key];
  if (to) {
    head = to();
    if (!event.shiftKey) anchor = head;
    selectWords();
  } else if (event.key === "Enter") fill();
  else if (event.key === "Escape") lastField?.querySelector("[id^='f-'], .citation-line input")?.focus();
  else return;
  event.preventDefault();
});

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
  fix.querySelector("[id^='f-'], .citation-line input")?.focus();
  fix.scrollIntoView({ block: "center" });
}

// The decision of the next item, or of the one before: what is most often put right.
function nextItem(step) {
  const decisions = [...fixes.querySelectorAll("[id^='f-items-'][id$='-decision']")];
  const item = lastField?.closest(".fix-item");
  const at = decisions.findIndex((each) => item?.contains(each));
  decisions[at < 0 ? 0 : Math.min(decisions.length - 1, Math.max(0, at + step))]?.focus();
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
    KeyE: () => lastField && showEvidence(lastField.querySelector("[data-evidence]").value),
    KeyC: () => toggle(lastField?.querySelector(".fix-confirm input")),
    KeyA: () => toggle(document.getElementById("everything")),
    KeyF: fill,
    KeyJ: () => nextItem(1),
    KeyK: () => nextItem(-1),
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
