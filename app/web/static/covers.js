// Covers that are on their way: asked for again until they are here, while somebody looks.
"use strict";
{
  const PAUSES = [3, 5, 8, 15, 30, 60, 120]; // in seconds
  const WAITING = 2; // the width of what is drawn in place of a cover that may still come (app/web/covers/placeholder.py)

  function follow(image, tries) {
    if (image.naturalWidth > WAITING || tries === PAUSES.length) return;
    setTimeout(() => {
      if (document.hidden) document.addEventListener("visibilitychange", () => follow(image, tries), { once: true });
      else askAgain(image, tries);
    }, PAUSES[tries] * 1000);
  }

  function askAgain(image, tries) {
    image.addEventListener("load", () => follow(image, tries + 1), { once: true });
    // For the same address a browser shows again what the page has already; the server does not look at this part.
    const address = new URL(image.currentSrc);
    address.searchParams.set("again", tries + 1);
    image.removeAttribute("srcset");
    image.src = address;
  }

  for (const image of document.querySelectorAll("img.cover")) {
    if (image.complete && image.naturalWidth) follow(image, 0);
    else image.addEventListener("load", () => follow(image, 0), { once: true });
  }
}
