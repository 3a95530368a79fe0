// The page of several cases to print.
document.querySelector("[data-prints-page]")?.addEventListener("click", () => window.print());
