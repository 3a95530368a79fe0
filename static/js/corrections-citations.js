// Guidelines of the correction form: a line each, found by typing part of a name, or read from words of the letter.
"use strict";

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
    anotherAfter(blank);
  }
  if (fix === lastField) fix.querySelector(".citation-line:not([data-blank]) input")?.focus();
  return true;
}

// A blank line that somebody fills gets another blank one below it.
document.addEventListener("input", (event) => {
  const blank = event.target.closest("[data-blank]");
  if (blank && event.target.value) anotherAfter(blank);
});

function anotherAfter(blank) {
  const following = blank.cloneNode(true);
  const place = fieldOf(blank).querySelectorAll(".citation-line").length;
  for (const input of following.querySelectorAll("input")) {
    input.value = "";
    input.name = input.name.replace(/:\d+$/, `:${place}`);
    input.removeAttribute("aria-activedescendant");
    if (isAuthority(input)) input.setAttribute("aria-expanded", "false");
  }
  blank.removeAttribute("data-blank");
  blank.after(following);
}

// The guidelines of the item that the focus is in, or of the first: its next list, ready for one more. The lines above
// are reached with the arrow up, and what is typed there takes the place of what stands.
function nextGuidelines() {
  const item = lastField?.closest(".fix-item") || fixes.querySelector(".fix-item");
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

function removeCitation(line) {
  if (!line || line.hasAttribute("data-blank")) return;
  const lines = linesOf(line);
  for (const input of line.querySelectorAll("input")) input.value = "";
  line.hidden = true;
  changed = true;
  enterLine(lines[lines.indexOf(line) + 1]);
}

// A guideline is found by any part of its name. What is listed first is chosen, so that Enter or Tab keeps it.

const MOST_OFFERED = 8;
const offers = document.createElement("ul");
offers.id = "authority-offers";
offers.className = "offers";
offers.hidden = true;
offers.setAttribute("role", "listbox");
offers.setAttribute("aria-label", "Guidelines");
fixes.append(offers);
const known = [...document.getElementById("authorities").options].map(({ value, textContent }) => ({
  key: value,
  name: textContent,
  words: `${value} ${textContent}`.toLowerCase(),
}));
let offeredFor = null; // the box that the list belongs to
let chosenOffer = 0;

const isAuthority = (element) => Boolean(element.name?.startsWith("a:"));

for (const input of fixes.querySelectorAll("[name^='a:']")) {
  input.removeAttribute("list"); // the browser's own list would stand over this one
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": offers.id })) {
    input.setAttribute(name, value);
  }
}

// 0 is best: the key itself, then where every word begins a word; -1 where a word is missing. Among equals the server's
// order stands, which is the law's: MTUS before ACOEM and ODG before others.
function rankOf(authority, typed) {
  if (authority.key === typed) return 0;
  const parts = typed.split(/\s+/);
  if (!parts.every((part) => authority.words.includes(part))) return -1;
  return parts.every((part) => new RegExp(`(^|[^a-z0-9])${part.replace(/[^a-z0-9]/g, "\\$&")}`).test(authority.words)) ? 1 : 2;
}

function offerAuthorities(input) {
  const typed = input.value.trim().toLowerCase();
  if (!typed) return closeOffers();
  const found = known.map((each) => ({ ...each, rank: rankOf(each, typed) })).filter((each) => each.rank >= 0);
  found.sort((a, b) => a.rank - b.rank);
  offers.replaceChildren(...found.slice(0, MOST_OFFERED).map(optionOf));
  if (!found.length) {
    const none = document.createElement("li");
    none.textContent = "No guideline has these words in its name.";
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

function optionOf({ key, name }, at) {
  const option = document.createElement("li");
  option.id = `authority-offer-${at}`;
  option.dataset.key = key;
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

function keepOffer() {
  const option = offers.querySelectorAll("[role=option]")[chosenOffer];
  if (option) {
    offeredFor.value = option.dataset.key;
    offeredFor.title = option.textContent;
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
  event.preventDefault(); // the box keeps the focus
  choose([...offers.querySelectorAll("[role=option]")].indexOf(event.target.closest("[role=option]")));
  keepOffer();
});

fixes.addEventListener("keydown", (event) => {
  const line = event.target.closest(".citation-line");
  if (!line || event.altKey || event.ctrlKey || event.metaKey) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Tab" && offeredFor) keepOffer(); // and on to the next box, as Tab does
  if (step && offeredFor) choose(chosenOffer + step);
  else if (step && isAuthority(event.target)) enterLine(linesOf(line)[linesOf(line).indexOf(line) + step]);
  else if (event.key === "Escape" && offeredFor) closeOffers();
  else if (event.key === "Enter") goOnFrom(event.target);
  else return;
  event.preventDefault();
});

// Enter keeps what is offered and goes on: to the edition, the sections, the pages, the next guideline.
function goOnFrom(box) {
  if (box === offeredFor) keepOffer();
  const boxes = [...box.closest(".cited").querySelectorAll(".citation-line:not([hidden]) input:not([type=hidden])")];
  const following = isAuthority(box) && !box.value ? box : boxes[boxes.indexOf(box) + 1];
  following?.focus();
  following?.select();
}
