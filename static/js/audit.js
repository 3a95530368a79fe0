// The disclosures of a case: the print button.
document.querySelector("[data-prints]")?.addEventListener("click", () => window.print());
