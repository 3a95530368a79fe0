// The letter next to the correction form: its evidence marked in text and pictures, its words selected by mouse or keys.
// Dispatches on the letter: "view-changed" when text or pictures are chosen, "words-chosen" when Enter takes words.

import { placesFrom } from "./cases-letter-pages.js";
import { current, evidenceOf, inputOf, letter, pictures } from "./corrections-field.js";
import { keep } from "./remembered.js";
import { say } from "./toast.js";

// Offsets count characters as the server does (code points); a string of the browser counts UTF-16 units.
const unitsOf = (text, characters) => Array.from(text).slice(0, characters).join("").length;
const charactersOf = (text, units) => Array.from(text.slice(0, units)).length;

export function showEvidence(printed) {
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
    const mark = markIn(lines, unitsOf(text, a), unitsOf(text, b));
    first = first || mark;
  }
  if (first) {
    const place = first.getBoundingClientRect();
    const frame = letter.getBoundingClientRect();
    letter.scrollTop += place.top - frame.top - letter.clientHeight / 3;
  }
}

// Marks a stretch of text, which may begin or end inside an underlined word; returns the first mark.
function markIn(lines, left, right) {
  const walker = document.createTreeWalker(lines, NodeFilter.SHOW_TEXT);
  const nodes = [];
  for (let at = 0, node = walker.nextNode(); node; at += node.length, node = walker.nextNode()) {
    if (at < right && at + node.length > left) nodes.push({ node, at });
  }
  let first = null;
  for (const { node, at } of nodes) {
    const range = document.createRange();
    range.setStart(node, Math.max(left - at, 0));
    range.setEnd(node, Math.min(right - at, node.length));
    const mark = document.createElement("mark");
    range.surroundContents(mark);
    first = first || mark;
  }
  return first;
}

// The letter as pictures, with the places of the field's value marked

let boxes = null;

export function showView(name) {
  if (!pictures) return;
  pictures.hidden = name !== "pictures";
  letter.hidden = name === "pictures";
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === name));
  }
  keep("correction-view", name);
  letter.dispatchEvent(new Event("view-changed"));
  if (pictures.hidden) return;
  for (const image of pictures.querySelectorAll("img[data-src]")) {
    image.src = image.dataset.src;
    image.removeAttribute("data-src");
  }
  markPictures();
}

async function placesOnPages() {
  try {
    return await placesFrom(pictures.dataset.boxes);
  } catch {
    // Reported below, like any other unusable response.
  }
  boxes = null; // requested again at the next field
  say("The places on the pages could not be loaded. Use the text view.", "error");
  return [];
}

export async function markPictures() {
  if (!pictures || pictures.hidden || !current.field) return;
  boxes = boxes || placesOnPages();
  const known = await boxes;
  const place = current.field.dataset.place; // the user may have changed the field while waiting
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

// On a narrow screen a button opens the letter next to the field.

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-shows-letter]");
  if (!opener) return;
  const open = document.body.classList.toggle("letter-open");
  opener.setAttribute("aria-expanded", String(open));
  if (open && current.field) showEvidence(evidenceOf(current.field, document.activeElement));
  current.field?.scrollIntoView({ block: "start" });
});

// Selected text

export function selectedNow() {
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

// Words of the letter by keys: arrows move, Shift extends, Enter fills the field, Escape returns to it

let words = [];
let [anchor, head] = [0, 0];

export function walkLetter() {
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

// The word in the same column of the row above or below.
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
  } else if (event.key === "Enter") letter.dispatchEvent(new Event("words-chosen"));
  else if (event.key === "Escape") inputOf(current.field)?.focus();
  else return;
  event.preventDefault();
});
