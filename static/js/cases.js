// The case page: selecting a value shows its evidence in the letter; selecting evidence shows its value.
import { copyText } from "./clipboard.js";
import { placesFrom } from "./cases-letter-pages.js";
import { keysAreOff } from "./remembered.js";
import { say } from "./toast.js";

const letter = document.getElementById("letter");
const says = document.querySelector(".letter-says");
let chosenPath = "";
let boxesLoaded = null;

function show(path, { scroll = true } = {}) {
  if (!letter || !path) return;
  chosenPath = path;
  for (const each of document.querySelectorAll(".sheet .is-chosen")) each.classList.remove("is-chosen");
  const value = document.querySelector(`.sheet [data-path="${CSS.escape(path)}"]`);
  value?.classList.add("is-chosen");
  const places = mark(path);
  if (places.length && scroll) scrollInside(places[0]);
  if (says) says.textContent = places.length ? "The evidence is highlighted." : "This value has no place in the letter.";
}

function mark(path) {
  for (const each of letter.querySelectorAll(".evidence.is-chosen, .box.is-chosen")) each.classList.remove("is-chosen");
  const pane = [...letter.querySelectorAll("[data-letter]")].find((each) => !each.hidden);
  if (!pane) return [];
  const places = pane.dataset.letter === "pictures"
    ? [...pane.querySelectorAll(`.box[data-path="${CSS.escape(path)}"]`)]
    : [...pane.querySelectorAll(`.evidence[data-paths~="${CSS.escape(path)}"]`)];
  for (const each of places) each.classList.add("is-chosen");
  return places;
}

function scrollInside(place) {
  const pane = place.closest("[data-letter]");
  const at = place.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop;
  const near = at > pane.scrollTop + 24 && at < pane.scrollTop + pane.clientHeight - 80;
  if (!near) pane.scrollTo({ top: Math.max(0, at - pane.clientHeight / 3) });
  if (window.matchMedia("(max-width: 1080px)").matches) letter.scrollIntoView({ block: "start" });
}

function choose(path) {
  const value = document.querySelector(`.sheet [data-path="${CSS.escape(path)}"]`);
  show(path, { scroll: false });
  value?.scrollIntoView({ block: "center" });
  const item = value?.closest("[data-item]");
  if (item) makeCurrent(item, { scroll: false });
}

async function loadBoxes() {
  const pane = letter?.querySelector("[data-boxes]");
  if (!pane || boxesLoaded) return boxesLoaded;
  boxesLoaded = placesFrom(pane.dataset.boxes)
    .then((boxes) => {
      for (const box of boxes) {
        const page = pane.querySelector(`[data-page="${box.page}"]`);
        if (!page) continue;
        const image = page.querySelector("img");
        const place = document.createElement("div");
        place.className = "box";
        place.dataset.path = box.path;
        place.style.left = `${box.left * 100}%`;
        place.style.width = `${box.width * 100}%`;
        // The caption is below the picture, so only the height of the picture counts.
        place.style.top = `calc(${box.top} * var(--picture-height))`;
        place.style.height = `calc(${box.height} * var(--picture-height))`;
        page.append(place);
        measure(page, image);
      }
      if (chosenPath) show(chosenPath);
    })
    .catch(() => {
      if (says) says.textContent = "Places on the pages could not be loaded. Use the text view.";
    });
  return boxesLoaded;
}

function measure(page, image) {
  page.style.setProperty("--picture-height", `${image.clientHeight}px`);
}

if (letter) {
  const watcher = new ResizeObserver((entries) => {
    for (const entry of entries) measure(entry.target.closest(".letter-page"), entry.target);
  });
  for (const image of letter.querySelectorAll(".letter-page img")) watcher.observe(image);
  loadBoxes();
  letter.addEventListener("click", (event) => {
    const view = event.target.closest("[data-letter-view]");
    if (view) {
      event.preventDefault();
      for (const pane of letter.querySelectorAll("[data-letter]")) pane.hidden = pane.dataset.letter !== view.dataset.letterView;
      for (const link of letter.querySelectorAll("[data-letter-view]")) {
        if (link === view) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
      if (chosenPath) show(chosenPath);
      return;
    }
    const box = event.target.closest(".box");
    if (box) choose(box.dataset.path);
    const text = event.target.closest(".evidence");
    if (text) choose(text.dataset.paths.split(" ").pop());
  });
}

document.getElementById("sheet")?.addEventListener("click", (event) => {
  const link = event.target.closest("[data-evidence]");
  if (link) {
    event.preventDefault();
    show(link.dataset.evidence);
    return;
  }
  if (event.target.closest("a, button, summary, input") || String(window.getSelection())) return;
  const value = event.target.closest("[data-path]");
  if (value) show(value.dataset.path);
});

const items = [...document.querySelectorAll("[data-item]")];

function makeCurrent(item, { scroll = true } = {}) {
  for (const each of items) each.classList.toggle("is-current", each === item);
  item.focus({ preventScroll: true });
  if (scroll) item.scrollIntoView({ block: "start" });
}

function step(list, current, by) {
  const at = list.indexOf(current);
  return list[at < 0 ? (by > 0 ? 0 : list.length - 1) : Math.min(list.length - 1, Math.max(0, at + by))];
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || keysAreOff()) return;
  if (event.target.closest("input, textarea, select") || document.querySelector("dialog[open]")) return;
  const current = document.querySelector("[data-item].is-current");
  if ((event.key === "j" || event.key === "k") && items.length) {
    const item = step(items, current, event.key === "j" ? 1 : -1);
    makeCurrent(item);
    show(`${item.dataset.item}/request`);
  } else if (event.key === "e") {
    const links = [...(current || document.getElementById("sheet")).querySelectorAll("[data-evidence]")];
    const at = links.findIndex((link) => link.dataset.evidence === chosenPath);
    const next = links[(at + 1) % Math.max(1, links.length)];
    if (next) show(next.dataset.evidence);
  } else if (event.key === "p") {
    const doubts = [...document.querySelectorAll("[data-doubt]")];
    const open = doubts.findIndex((each) => each.open);
    const next = doubts[(open + 1) % Math.max(1, doubts.length)];
    for (const each of doubts) each.open = each === next;
    next?.querySelector("summary").focus();
    next?.scrollIntoView({ block: "center" });
  } else {
    return;
  }
  event.preventDefault();
});

// Printing is recorded, whether by the button or by the browser's own command.
window.addEventListener("beforeprint", () => {
  const button = document.querySelector("[data-prints]");
  fetch(button.dataset.prints, { method: "POST", headers: { "X-CSRFToken": button.dataset.token }, keepalive: true });
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-prints]")) window.print();
  if (event.target.closest("[data-copies-case]")) {
    copyText(sheetAsText()).then(() => say("Case copied."));
  }
});

function sheetAsText() {
  const lines = [document.querySelector(".case-title").innerText.replace(/\s+/g, " ").trim()];
  for (const value of document.querySelectorAll(".case-value")) {
    lines.push(`${value.querySelector("dt").innerText}: ${value.querySelector("dd").innerText.replace(/\s+/g, " ").trim()}`);
  }
  for (const item of items) {
    lines.push("", item.querySelector(".item-head").innerText.replace(/\s+/g, " ").trim());
    for (const cited of item.querySelectorAll(".item-values dd")) {
      lines.push(`${cited.previousElementSibling.innerText}: ${cited.innerText.replace(/\s+/g, " ").trim()}`);
    }
    const rationale = item.querySelector(".prose");
    if (rationale) lines.push(`Rationale: ${rationale.innerText}`);
  }
  return lines.join("\n");
}

const asked = new URLSearchParams(window.location.search).get("value");
if (asked) show(asked);
const target = window.location.hash && document.querySelector(`[data-item]${CSS.escape(window.location.hash).replace("\\#", "#")}`);
if (target) makeCurrent(target, { scroll: false });
