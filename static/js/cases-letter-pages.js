// A worker draws page pictures and finds the places of values. Until they are there the server responds with a
// placeholder, or with status 202, and this script asks again. A message is shown while it waits, and if it was in vain.

const MOST_TRIES = 60;
const pause = (tries) => Math.min(3000, 300 * (tries + 1)); // milliseconds

for (const image of document.querySelectorAll("[data-being-drawn] img")) {
  const place = image.closest("[data-being-drawn]");
  const words = place.querySelector(".picture-waits");
  const width = Number(image.getAttribute("width")); // a placeholder is narrower
  let tries = 0;
  const look = () => {
    if (image.naturalWidth === width) {
      place.removeAttribute("data-being-drawn");
    } else if (tries < MOST_TRIES) {
      window.setTimeout(() => {
        const address = new URL(image.src, document.baseURI);
        address.searchParams.set("again", String((tries += 1)));
        image.src = address.href;
      }, pause(tries));
    } else {
      words.textContent = words.dataset.tooLong;
    }
  };
  image.addEventListener("load", look);
  image.addEventListener("error", () => {
    words.textContent = words.dataset.otherwise;
  });
  if (image.complete && image.naturalWidth) look();
}

// Where the values of the letter are on its pages; an empty list if they cannot be found.
export async function placesFrom(address) {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const { boxes } = await answer.json();
    if (answer.status !== 202) return boxes;
    await new Promise((resolve) => window.setTimeout(resolve, pause(tries)));
  }
  return [];
}
