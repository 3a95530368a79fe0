// A page of a letter is drawn when it is first asked for, which may take a moment, or fail: its place says so.
"use strict";

for (const image of document.querySelectorAll("[data-being-drawn] img")) {
  const place = image.parentElement;
  const drawn = () => place.removeAttribute("data-being-drawn");
  image.addEventListener("load", drawn);
  image.addEventListener("error", () => {
    const words = place.querySelector(".picture-waits");
    words.textContent = words.dataset.otherwise;
  });
  if (image.complete && image.naturalWidth) drawn();
}
