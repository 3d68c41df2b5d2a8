// Draws the months of a year when they come into view: takes them from the page about them, into links that are there.
// Without this script that page is one click away.
"use strict";
{
  const page = document.getElementById("page");
  const place = () => document.getElementById("months");
  const observer = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) draw(); });
  let drawn; // where they were taken from
  let asking;

  function look() {
    const address = place()?.dataset.from;
    observer.disconnect();
    if (address && drawn !== address) observer.observe(place());
    // After a new reading they may have changed.
    else if (address && !page.dataset.live) draw();
  }

  async function draw() {
    const address = place().dataset.from;
    observer.disconnect();
    asking?.abort(); // what was asked for earlier may come later
    asking = new AbortController();
    try {
      const answer = await fetch(address, { signal: asking.signal });
      if (!answer.ok || answer.redirected) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (place()?.dataset.from !== address) return;
      for (const part of next.querySelectorAll("#months [id^=month]")) fill(document.getElementById(part.id), part);
      drawn = address;
    } catch { /* The links stay. */ }
  }

  // The element itself stays, with the focus that it may have; one within it is left first.
  function fill(part, next) {
    if (!part) return;
    if (part !== document.activeElement && part.contains(document.activeElement)) {
      part.addEventListener("focusout", () => fill(part, next), { once: true });
      return;
    }
    part.replaceChildren(...next.childNodes);
    if (next.hasAttribute("aria-label")) part.setAttribute("aria-label", next.getAttribute("aria-label"));
    part.dataset.drawn = "";
  }

  look();
  page.addEventListener("morphed", look); // by live.js
}
