// Shows a bar's albums in a tooltip, by mouse, finger and arrow keys, and shares the page.
// The bars are links with a title: without this script everything is one click away.
"use strict";
{
  const page = document.getElementById("page");
  const topAlbums = new Map(); // address -> promise of the top albums of all release years
  let shown, tip, shownBefore;

  const barAt = (target) => target?.closest?.(".bars a");

  function show(bar, hint = "") {
    if (bar === shown) return;
    hide();
    if (!bar) return;
    shown = bar;
    const title = bar.querySelector("title");
    if (title) { // the browser would show it as well
      bar.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    const [head, rest] = bar.getAttribute("aria-label").split(/: (.*)/);
    // A comparison has two lines and two addresses, each empty while plays come in.
    const addresses = (bar.closest("svg.chart").dataset.top ?? "").split(" ");
    const isCompared = addresses.length > 1;
    const lines = (isCompared ? rest.split(", ") : [rest]).map((text, nth) =>
      make("p", "", {}, isCompared ? make("i", "", { className: `key ${nth ? "other" : "one"}` }) : make("b", head), " ", text));
    tip = make("div", "", { className: "tip", id: "tip", role: "status" });
    tip.append(...(isCompared ? [make("b", head)] : []), ...lines);
    if (hint) tip.append(make("p", hint, { className: "open" }));
    bar.classList.add("shown");
    bar.closest("figure").append(tip);
    placeTip(bar);
    lines.forEach((line, nth) => listAlbums(bar, line, addresses[nth], isCompared ? 2 : 3));
  }

  function hide() {
    shown?.classList.remove("shown");
    tip?.remove();
    shown = tip = undefined;
  }

  // On the side of the bar with more room, and never beyond the figure.
  function placeTip(bar) {
    const box = bar.getBoundingClientRect();
    const figure = tip.parentElement.getBoundingClientRect();
    const onTheRight = box.left + box.right < figure.left + figure.right;
    const left = onTheRight ? box.right - figure.left + 8 : box.left - figure.left - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(0, Math.min(left, figure.width - tip.offsetWidth))}px`;
  }

  async function listAlbums(bar, line, address, most) {
    if (!address) return;
    if (!topAlbums.has(address)) topAlbums.set(address, fetch(address).then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({})));
    const years = await topAlbums.get(address);
    if (!line.isConnected) return; // another bar is shown now
    const [first, last = first] = bar.id.slice(1).split("-").map(Number);
    const albums = Object.entries(years).filter(([year]) => first <= year && year <= last).flatMap(([, some]) => some);
    albums.sort((a, b) => b[2] - a[2]);
    const list = make("ol");
    for (const [artist, title, plays] of albums.slice(0, most)) {
      const label = make("span", "", {}, make("bdi", title), " ", make("small", "", {}, make("bdi", artist)));
      list.append(make("li", "", {}, label, make("small", plays.toLocaleString("en"))));
    }
    if (!albums.length) return;
    line.after(list);
    placeTip(bar);
  }

  function make(tag, text = "", properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...(text ? [text] : []), ...children);
    return element;
  }

  // Tab reaches the chart once, at the bar that had the focus last; arrow keys go on from there.
  function makeTabStop(bar = page.querySelector(".bars a")) {
    for (const other of page.querySelectorAll(".bars a")) other.tabIndex = other === bar ? 0 : -1;
  }

  function onKey(event) {
    const bar = barAt(document.activeElement);
    if (event.key === "Escape") hide();
    if (!bar || event.altKey || event.ctrlKey || event.metaKey) return;
    const bars = [...bar.parentElement.querySelectorAll("a")];
    const at = bars.indexOf(bar);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: bars.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    bars[to]?.focus();
  }

  // The first tap shows a bar, the second opens it; a finger moves from bar to bar.
  const HINT = "Tap again for all albums";
  document.addEventListener("pointerdown", (event) => {
    shownBefore = shown;
    if (event.pointerType !== "mouse") show(barAt(event.target), HINT);
  });
  document.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse") return;
    const bar = barAt(document.elementFromPoint(event.clientX, event.clientY));
    if (bar) show(bar, HINT);
  });
  page.addEventListener("click", (event) => {
    const bar = barAt(event.target);
    if (bar && ["touch", "pen"].includes(event.pointerType) && bar !== shownBefore) event.preventDefault();
  });
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse") show(barAt(event.target) ?? barAt(document.activeElement));
  });
  page.addEventListener("focusin", (event) => {
    const bar = barAt(event.target);
    if (!bar) return;
    show(bar);
    makeTabStop(bar);
  });
  page.addEventListener("focusout", (event) => { if (barAt(event.target)) hide(); });
  page.addEventListener("keydown", onKey);
  page.addEventListener("click", (event) => { if (event.target.id === "share") share(event.target); });
  page.addEventListener("replaced", () => { // by live.js
    const again = shown && document.getElementById(shown.id);
    hide();
    makeTabStop(again ?? undefined);
    show(again);
    showShareButton();
  });

  async function share(button) {
    const url = (button.dataset.site ?? location.origin) + location.pathname + location.search;
    try {
      if (navigator.share) {
        await navigator.share({ title: document.title, text: button.dataset.text, url });
      } else {
        await navigator.clipboard.writeText(url);
        button.textContent = "Link copied";
        setTimeout(() => { button.textContent = "Share"; }, 2500);
      }
    } catch { /* The visitor cancelled. */ }
  }

  function showShareButton() {
    const button = document.getElementById("share");
    if (button) button.hidden = !(navigator.share || navigator.clipboard);
  }

  makeTabStop();
  showShareButton();
}
