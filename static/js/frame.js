// Small behaviors of the frame: menus that close, dialogs, toasts, a progress line, forms that submit themselves.
import { copyText } from "./clipboard.js";
import { keep, kept } from "./remembered.js";
import { say } from "./toast.js";

document.documentElement.classList.add("has-script");

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    const target = document.getElementById(opener.dataset.opens);
    if (target && target.showModal) {
      event.preventDefault();
      target.showModal();
    }
  }
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog").close();
  const dismissed = event.target.closest("[data-dismiss]");
  if (dismissed) dismissed.closest(".toast").remove();
  const copied = event.target.closest("[data-copy]");
  if (copied) {
    copyText(copied.dataset.copy).then(() => say("Copied."));
  }
  const toggle = event.target.closest("[data-toggles-rail]");
  if (toggle && window.matchMedia("(min-width: 801px)").matches) {
    event.preventDefault();
    const closed = document.body.classList.toggle("rail-closed");
    toggle.setAttribute("aria-expanded", String(!closed));
    keep("rail-closed", closed ? "1" : "");
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// Words typed into a marked form are asked about before the page is left, unless that form is what leaves it.
let leavesBy = null;
document.addEventListener("submit", (event) => {
  leavesBy = event.defaultPrevented ? null : event.target;
});
window.addEventListener("pageshow", () => {
  leavesBy = null;
});
window.addEventListener("beforeunload", (event) => {
  const unsent = [...document.querySelectorAll("form[data-asks-before-leaving] textarea")].some(
    (field) => field.form !== leavesBy && field.value.trim() && field.value !== field.defaultValue,
  );
  if (unsent) event.preventDefault();
});

// A marked form submits itself when a choice changes; its button remains for browsers without scripts.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-sends-itself]");
  if (form) form.requestSubmit();
});

// Empty fields are left out of the address, so that links are short and each page has one address.
document.addEventListener("formdata", (event) => {
  if (event.target.method !== "get") return;
  for (const [name, value] of [...event.formData.entries()]) {
    if (value === "") event.formData.delete(name);
  }
});

// Filters that are too long for an address are sent as a form; the server stores them and names them by a short key.
const LONGEST_QUERY = 3500;
const isTooLong = (values) => new URLSearchParams(values).toString().length > LONGEST_QUERY;

function storeFilters(page, values) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = document.body.dataset.storesFilters;
  form.hidden = true;
  const token = document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
  for (const [name, value] of [["csrfmiddlewaretoken", token], ["page", page], ...values]) {
    const input = document.createElement("input");
    [input.type, input.name, input.value] = ["hidden", name, value];
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

document.addEventListener("htmx:config:request", (event) => {
  const { request } = event.detail.ctx;
  if (request.method.toUpperCase() !== "GET" || !isTooLong(request.body)) return;
  event.preventDefault();
  storeFilters(new URL(request.action, document.baseURI).pathname, request.body);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "get") return;
  const values = new FormData(form, event.submitter);
  if (!isTooLong(values)) return;
  event.preventDefault();
  storeFilters(new URL(form.action, document.baseURI).pathname, values);
});

// A form is sent once: a second click, while the browser waits for the next page, does nothing. The server knows too.
const SENT_FOR = 3000;
let sent = new WeakMap();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (sent.has(form) && sent.get(form) === event.submitter) {
    event.preventDefault();
    return;
  }
  window.setTimeout(() => {
    if (event.defaultPrevented) return;
    sent.set(form, event.submitter);
    window.setTimeout(() => sent.delete(form), SENT_FOR);
  });
});
window.addEventListener("pageshow", () => (sent = new WeakMap()));

// A table wider than its frame scrolls inside it; one that fits has a header that sticks to the page.
const frames = new ResizeObserver((entries) => {
  for (const { target } of entries) fit(target.closest(".table-frame"));
});

function fit(frame) {
  if (!frame) return;
  const table = frame.querySelector("table");
  frame.classList.toggle("fits", Boolean(table) && table.offsetWidth <= frame.clientWidth + 1);
}

function watchFrames() {
  frames.disconnect();
  for (const frame of document.querySelectorAll(".table-frame")) {
    frames.observe(frame);
    fit(frame);
  }
}

watchFrames();
document.addEventListener("htmx:after:swap", watchFrames);

// On a phone tabs scroll sideways: the current one is in view.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const tabs = tab.closest(".tabs");
  tabs.scrollLeft = tab.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
}

let running = 0;
// Elements that refresh repeatedly show no progress.
const isQuiet = (event) => event.detail?.ctx?.sourceElement?.hasAttribute("data-quiet");
document.addEventListener("htmx:before:request", (event) => {
  if (isQuiet(event)) return;
  running += 1;
  document.getElementById("busy")?.classList.add("htmx-request");
});
document.addEventListener("htmx:finally:request", (event) => {
  if (isQuiet(event)) return;
  running = Math.max(0, running - 1);
  if (running === 0) document.getElementById("busy")?.classList.remove("htmx-request");
});
document.addEventListener("htmx:error", () => say("The server could not be reached. Nothing was lost. Try again.", "error"));

if (kept("rail-closed") && document.querySelector(".rail")) {
  document.body.classList.add("rail-closed");
  document.querySelector("[data-toggles-rail]")?.setAttribute("aria-expanded", "false");
}
