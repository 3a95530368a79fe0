// A page picture is drawn on the first request. While it is drawn, or if that fails, a message takes its place.
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
