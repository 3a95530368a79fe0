// Shortcuts on every page: "/" searches, j and k move between rows, Enter opens, ? shows help, and a button or link with
// data-key answers to its key. A switch in the help turns
// single-character shortcuts off in this browser, for users of speech input and those who press keys by accident.
import { keep, keysAreOff } from "./remembered.js";

function isTyping(target) {
  return target.closest("input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]");
}

function chooseRow(step) {
  const rows = [...document.querySelectorAll("[data-rows] tbody tr:not(.group-row)")];
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.classList.contains("is-chosen"));
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))];
  rows[at]?.classList.remove("is-chosen");
  next.classList.add("is-chosen");
  (next.querySelector("a.main-link") || next.querySelector("a"))?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

// Buttons that name their key with data-key show it, and tell it to screen readers.
for (const button of document.querySelectorAll("[data-key]")) {
  const key = button.dataset.key;
  if (keysAreOff() || key.length !== 1) continue;
  button.setAttribute("aria-keyshortcuts", key);
  if (button.classList.contains("is-icon") || button.querySelector("kbd")) continue;
  const shown = document.createElement("kbd");
  shown.textContent = key;
  shown.ariaHidden = "true";
  button.append(" ", shown);
}

const keysSwitch = document.querySelector("[data-keys-switch]");
if (keysSwitch) {
  keysSwitch.checked = !keysAreOff();
  keysSwitch.addEventListener("change", () => keep("keys", keysSwitch.checked ? "" : "off"));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || keysAreOff()) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  let done = true;
  if (event.key === "/") {
    const search = document.getElementById("site-search");
    search?.focus();
    search?.select();
  } else if (event.key === "?") {
    document.getElementById("keys-help")?.showModal();
  } else if (event.key.length === 1 && document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)) {
    document.querySelector(`[data-key="${CSS.escape(event.key)}"]`).click();
  } else if (document.querySelector(`[data-go="${CSS.escape(event.key)}"]`)) {
    document.querySelector(`[data-go="${CSS.escape(event.key)}"]`).click();
  } else if (event.key === "j" || event.key === "k") {
    done = chooseRow(event.key === "j" ? 1 : -1);
  } else {
    done = false;
  }
  if (done) event.preventDefault();
});
