// Guidelines of the correction form: one per line, found by typing part of a name, or read from selected text.

import { current, fieldOf, fixes } from "./corrections-field.js";
import { say } from "./toast.js";

export async function fillCitations(field, evidence) {
  const body = new FormData();
  body.set("evidence", evidence);
  body.set("csrfmiddlewaretoken", fixes.querySelector("[name=csrfmiddlewaretoken]").value);
  let citations;
  try {
    const answer = await fetch(fixes.dataset.line, { method: "POST", body });
    if (!answer.ok) throw new Error(answer.statusText);
    ({ citations } = await answer.json());
  } catch {
    say("The guideline could not be read. Nothing was lost. Please try again.", "error");
    return false;
  }
  if (!citations.length) {
    say("No guideline was found in the selected text.", "error");
    return false;
  }
  for (const cited of citations) {
    const blank = field.querySelector("[data-blank]");
    const parts = {
      authority: cited.authority,
      edition: cited.edition || "",
      sections: cited.sections.join(" | "),
      pages: cited.pages.join(", "),
      printed: cited.text,
      place: cited.span.join("-"),
    };
    for (const [part, value] of Object.entries(parts)) blank.querySelector(`[data-part='${part}']`).value = value;
    addLineAfter(blank);
  }
  if (field === current.field) field.querySelector(".citation-line:not([data-blank]) input")?.focus();
  return true;
}

// When the blank line is filled, another one is added below it.
document.addEventListener("input", (event) => {
  const blank = event.target.closest("[data-blank]");
  if (blank && event.target.value) addLineAfter(blank);
});

function addLineAfter(blank) {
  const following = blank.cloneNode(true);
  const place = fieldOf(blank).querySelectorAll(".citation-line").length;
  for (const input of following.querySelectorAll("input")) {
    input.value = "";
    input.name = input.name.replace(/:\d+$/, `:${place}`);
    input.removeAttribute("id");
    input.removeAttribute("aria-activedescendant");
    if (isAuthority(input)) input.setAttribute("aria-expanded", "false");
  }
  blank.removeAttribute("data-blank");
  blank.after(following);
}

// Go to the blank line of the next list of guidelines in this item (or in the first item).
export function nextGuidelines() {
  const item = current.field?.closest(".fix-item") || fixes.querySelector(".fix-item");
  const lists = [...(item || fixes).querySelectorAll("[data-citations]")];
  const at = lists.findIndex((list) => list.contains(document.activeElement));
  enterLine(lists[(at + 1) % lists.length]?.querySelector("[data-blank]"));
}

function enterLine(line) {
  const input = line?.querySelector("input");
  input?.focus();
  input?.select();
}

const linesOf = (line) => [...line.parentNode.querySelectorAll(".citation-line:not([hidden])")];

export function removeCitation(line) {
  if (!line || line.hasAttribute("data-blank")) return;
  const lines = linesOf(line);
  for (const input of line.querySelectorAll("input")) input.value = "";
  line.hidden = true;
  current.changed = true;
  enterLine(lines[lines.indexOf(line) + 1]);
}

// A guideline is found by any part of its name. The first match is chosen, so that Enter or Tab accepts it.

const MOST_OFFERED = 8;
const offers = document.createElement("ul");
offers.id = "authority-offers";
offers.className = "offers";
offers.hidden = true;
offers.setAttribute("role", "listbox");
offers.setAttribute("aria-label", "Guidelines");
fixes.append(offers);
const known = [...document.getElementById("authorities").options].map(({ value }) => ({ name: value, words: value.toLowerCase() }));
let offeredFor = null; // the input that the list belongs to
let chosenOffer = 0;

const isAuthority = (element) => element.dataset.part === "authority";

for (const input of fixes.querySelectorAll("[data-part='authority']")) {
  input.removeAttribute("list"); // the browser's own list would cover this one
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": offers.id })) {
    input.setAttribute(name, value);
  }
}

// 0 is best: the whole name; then 1: every word begins a word; -1: a word is missing. Among equals the server's order
// is kept, which is that of the regulations: MTUS before ACOEM and ODG before others.
function rankOf(authority, typed) {
  if (authority.words === typed) return 0;
  const parts = typed.split(/\s+/);
  if (!parts.every((part) => authority.words.includes(part))) return -1;
  return parts.every((part) => new RegExp(`(^|[^a-z0-9])${part.replace(/[^a-z0-9]/g, "\\$&")}`).test(authority.words)) ? 1 : 2;
}

function offerAuthorities(input) {
  const typed = input.value.trim().toLowerCase();
  if (!typed) return closeOffers();
  const matches = known.map((guideline) => ({ ...guideline, rank: rankOf(guideline, typed) })).filter(({ rank }) => rank >= 0);
  matches.sort((a, b) => a.rank - b.rank);
  offers.replaceChildren(...matches.slice(0, MOST_OFFERED).map(optionOf));
  if (!matches.length) {
    const none = document.createElement("li");
    none.textContent = "No guideline matches these words.";
    none.className = "quiet";
    none.setAttribute("role", "presentation");
    offers.append(none);
  }
  const line = input.closest(".citation-line");
  line.parentNode.append(offers);
  offers.style.top = `${line.offsetTop + line.offsetHeight}px`;
  offers.hidden = false;
  offeredFor = input;
  input.setAttribute("aria-expanded", "true");
  choose(0);
}

function optionOf({ name }, at) {
  const option = document.createElement("li");
  option.id = `authority-offer-${at}`;
  option.setAttribute("role", "option");
  option.append(name);
  return option;
}

function choose(at) {
  const options = [...offers.querySelectorAll("[role=option]")];
  chosenOffer = Math.max(0, Math.min(at, options.length - 1));
  for (const [place, option] of options.entries()) option.setAttribute("aria-selected", String(place === chosenOffer));
  if (options.length) offeredFor.setAttribute("aria-activedescendant", options[chosenOffer].id);
  else offeredFor.removeAttribute("aria-activedescendant");
}

function acceptOffer() {
  const option = offers.querySelectorAll("[role=option]")[chosenOffer];
  if (option) {
    offeredFor.value = option.textContent;
  }
  closeOffers();
}

function closeOffers() {
  if (!offeredFor) return;
  offeredFor.setAttribute("aria-expanded", "false");
  offeredFor.removeAttribute("aria-activedescendant");
  offers.hidden = true;
  offeredFor = null;
}

fixes.addEventListener("input", ({ target }) => isAuthority(target) && offerAuthorities(target));
fixes.addEventListener("focusout", ({ target }) => target === offeredFor && closeOffers());
offers.addEventListener("mousedown", (event) => {
  event.preventDefault(); // the input keeps the focus
  choose([...offers.querySelectorAll("[role=option]")].indexOf(event.target.closest("[role=option]")));
  acceptOffer();
});

fixes.addEventListener("keydown", (event) => {
  const line = event.target.closest(".citation-line");
  if (!line || event.altKey || event.ctrlKey || event.metaKey) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Tab" && offeredFor) acceptOffer(); // Tab then goes to the next input as usual
  if (step && offeredFor) choose(chosenOffer + step);
  else if (step && isAuthority(event.target)) enterLine(linesOf(line)[linesOf(line).indexOf(line) + step]);
  else if (event.key === "Escape" && offeredFor) closeOffers();
  else if (event.key === "Enter") goOnFrom(event.target);
  else return;
  event.preventDefault();
});

// Enter accepts the chosen guideline and goes on: to the edition, the sections, the pages, the next guideline.
function goOnFrom(box) {
  if (box === offeredFor) acceptOffer();
  const boxes = [...box.closest(".cited").querySelectorAll(".citation-line:not([hidden]) input:not([type=hidden])")];
  const following = isAuthority(box) && !box.value ? box : boxes[boxes.indexOf(box) + 1];
  following?.focus();
  following?.select();
}
