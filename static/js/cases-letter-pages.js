// A page picture is made when it is first requested. That takes a moment, or fails: a line in its place says so.
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
