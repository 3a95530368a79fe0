// Selected rows of a list: all rows of the page at once, a range with Shift (pointer or Space), and "x" for the row that
// j and k are at. Without this script the checkboxes work one by one.
import { keysAreOff } from "./remembered.js";

let anchor = null;
// Whether Shift was down when the key or button went down: a checkbox changes only when Space comes up again, and by
// then Shift may be up, too.
let withShift = false;

const formOf = (target) => target.closest("form[data-selection]");
const boxesOf = (form) => [...form.querySelectorAll("input[data-row]")];

function update(form) {
  const boxes = boxesOf(form);
  const count = boxes.filter((box) => box.checked).length;
  const everything = form.querySelector("[data-everything]");
  const all = form.querySelector("[data-selects-all]");
  if (all) {
    all.checked = boxes.length > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  }
  if (everything && count < boxes.length) everything.checked = false;
  const said = form.querySelector("[data-selected]");
  if (said) said.textContent = everything?.checked ? "All that match" : count ? `${count} selected` : (said.dataset.none ?? "Selected rows");
  form.querySelector("[data-rows-bar], [data-opens-with-rows]")?.classList.toggle("is-open", count > 0);
  // The bar is in front of the page: what gets the focus is scrolled to above it.
  const bar = document.querySelector("[data-rows-bar].is-open, [data-opens-with-rows].is-open");
  document.documentElement.style.scrollPaddingBottom = bar ? `${bar.offsetHeight + 16}px` : "";
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Shift") withShift = event.shiftKey;
  if (event.key === "Enter" && event.target.matches("[data-rows-bar] .pair input, .worklist-action input")) {
    event.preventDefault();
    event.target.closest("[data-rows-bar] .pair, .worklist-action").querySelector("button").click();
    return;
  }
  if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey || keysAreOff()) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select") || document.querySelector("dialog[open]")) return;
  document.querySelector("[data-rows] tr.is-chosen input[data-row]")?.click();
});
document.addEventListener("pointerdown", (event) => (withShift = event.shiftKey));

document.addEventListener("change", (event) => {
  const form = formOf(event.target);
  if (!form) return;
  const boxes = boxesOf(form);
  if (event.target.matches("[data-selects-all]")) {
    for (const box of boxes) box.checked = event.target.checked;
  } else if (event.target.matches("[data-everything]")) {
    if (event.target.checked) for (const box of boxes) box.checked = true;
  } else if (event.target.matches("[data-row]")) {
    const [from, to] = [boxes.indexOf(anchor), boxes.indexOf(event.target)];
    if (withShift && from >= 0) {
      for (const box of boxes.slice(Math.min(from, to), Math.max(from, to) + 1)) box.checked = event.target.checked;
    }
    anchor = event.target;
  }
  update(form);
  if (event.target.matches("[data-row], [data-selects-all]")) event.target.scrollIntoView({ block: "nearest" });
});

document.addEventListener("click", (event) => {
  const form = formOf(event.target);
  if (form && event.target.closest("[data-selects-none]")) {
    for (const box of boxesOf(form)) box.checked = false;
    update(form);
    form.querySelector("[data-selects-all]")?.focus();
  }
  const button = event.target.closest("button[name=do]");
  const everything = button?.value && button.form?.querySelector("[data-everything]:checked");
  const question = button?.dataset.confirm
    || (everything && `${everything.parentElement.textContent.trim()}: “${button.textContent.trim()}”? This acts on more than the rows on this page.`);
  if (question && !window.confirm(question)) event.preventDefault();
});

const start = () => document.querySelectorAll("form[data-selection]").forEach(update);
start();
document.addEventListener("htmx:after:swap", start);
