// The correction form and the letter next to it, and the field that the user is in.

export const fixes = document.getElementById("fixes");
export const letter = document.querySelector(".letter-side .letter-text");
export const pictures = document.querySelector(".letter-pictures");

// What the scripts of this page share: the last field that had the focus, and whether anything was typed.
export const current = { field: null, changed: false };

export const fieldOf = (element) => element?.closest?.(".fix");

export const inputOf = (field) => field?.querySelector("[id^='field-']");

// The evidence in the letter. A citation has its own place; a value without a place uses that of its problem.
export function evidenceOf(field, element) {
  const cited = element?.closest(".citation-line")?.querySelector("[data-part='place']")?.value;
  return cited || field.querySelector("[data-evidence]").value || field.querySelector("[data-shows]")?.dataset.shows || "";
}
