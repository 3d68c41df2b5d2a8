// Shows a bar's albums in a tooltip, by mouse, finger and keys, and opens what is shared.
// The bars are links with a title: without this script everything is one click away.
"use strict";
{
  const page = document.getElementById("page");
  const topAlbums = new Map(); // address -> promise of the top albums of all release years
  let shown, tip, lines, shownBefore, tabStop;
  let isOpening = false; // what is shared
  let closed; // the bar whose tip was closed by Escape: it stays so until the next move

  const barAt = (target) => target?.closest?.(".bars a");
  // Of the top albums: two, and two lines in the tip, where two listeners are compared.
  const addresses = () => page.querySelector("svg.chart").dataset.top.split(" ");

  function show(bar, hint = "") {
    if (bar && bar === closed && !hint) return;
    closed = undefined;
    if (bar === shown) return;
    hide();
    if (!bar) return;
    shown = bar;
    const isCompared = addresses().length > 1;
    lines = addresses().map((_, nth) =>
      make("p", "", {}, isCompared ? make("i", "", { className: `key ${nth ? "other" : "one"}` }) : make("b"), " ", " "));
    tip = make("div", "", { className: "tip", id: "tip", role: "tooltip" });
    tip.append(...(isCompared ? [make("b")] : []), ...lines);
    if (hint) tip.append(make("p", hint, { className: "open" }));
    bar.closest("figure").append(tip);
    describe(bar);
    placeTip(bar);
    listAllAlbums();
  }

  // Writes the bar's name into the tip. The browser would show it as well, were it left in the bar as its title.
  function describe(bar) {
    const title = bar.querySelector("title");
    if (title) {
      bar.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    const [head, rest] = bar.getAttribute("aria-label").split(/: (.*)/);
    const numbers = lines.length > 1 ? rest.split(", ") : [rest];
    tip.querySelector("b").textContent = head;
    lines.forEach((line, nth) => { line.lastChild.data = numbers[nth]; });
    bar.classList.add("shown");
    bar.setAttribute("aria-describedby", lines.map((_, nth) => `top${nth}`).join(" ")); // the albums: it has its name
  }

  function hide() {
    shown?.classList.remove("shown");
    shown?.removeAttribute("aria-describedby");
    tip?.remove();
    shown = tip = lines = undefined;
  }

  // On the side of the bar with more room, and never beyond the figure.
  function placeTip(bar) {
    const figure = tip.parentElement.getBoundingClientRect();
    const chart = bar.closest("svg.chart").getBoundingClientRect();
    const [start, width] = ["x", "width"].map((name) => parseFloat(bar.querySelector(".hit").getAttribute(name)) / 100 * chart.width);
    const from = chart.left - figure.left + start; // where the bar will be, should it move right now
    const onTheRight = 2 * from + width < figure.width;
    const left = onTheRight ? from + width + 8 : from - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(0, Math.min(left, figure.width - tip.offsetWidth))}px`;
  }

  const listAllAlbums = () => lines.forEach((line, nth) => listAlbums(shown, line, addresses()[nth], lines.length > 1 ? 2 : 3));

  // What is not answered is asked for again with the next tip.
  function askFor(address) {
    const asked = fetch(address).then((answer) => (answer.ok ? answer.json() : {}))
      .catch(() => { topAlbums.delete(address); return {}; });
    topAlbums.set(address, asked);
    return asked;
  }

  async function listAlbums(bar, line, address, most) {
    if (!address) return;
    const asked = topAlbums.get(address) ?? askFor(address);
    const years = await asked;
    if (!line.isConnected || !bar.isConnected) return; // another bar is shown by now, or none
    if ((topAlbums.get(address) ?? asked) !== asked) return; // newer ones are asked for by now
    const [first, last = first] = bar.id.slice(1).split("-").map(Number);
    const albums = Object.entries(years).filter(([year]) => first <= year && year <= last).flatMap(([, some]) => some);
    albums.sort((a, b) => b[2] - a[2]);
    const list = make("ol", "", { id: `top${lines.indexOf(line)}` });
    for (const [artist, title, plays, cover] of albums.slice(0, most)) {
      const picture = cover ? [make("img", "", { src: cover, alt: "", width: 36, height: 36 })] : [];
      const label = make("span", "", {}, make("bdi", title), " ", make("small", "", {}, make("bdi", artist)));
      list.append(make("li", "", {}, ...picture, label, make("small", plays.toLocaleString("en"))));
    }
    if (!albums.length) return;
    if (line.nextElementSibling?.localName === "ol") line.nextElementSibling.remove();
    line.after(list);
    placeTip(bar);
  }

  function make(tag, text = "", properties = {}, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...(text ? [text] : []), ...children);
    return element;
  }

  // Tab reaches the chart once, at the bar that had the focus last; arrow keys go on from there (keys.js).
  function makeTabStop(bar) {
    tabStop = bar?.isConnected ? bar : page.querySelector(".bars a");
    for (const other of page.querySelectorAll(".bars a")) other.tabIndex = other === tabStop ? 0 : -1;
  }

  // The first tap shows a bar, the second opens it; a finger moves from bar to bar.
  const hint = () => page.querySelector("svg.chart").dataset.hint ?? "Tap again for all albums";
  document.addEventListener("pointerdown", (event) => {
    shownBefore = shown;
    if (event.pointerType !== "mouse") show(barAt(event.target), hint());
  });
  document.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse") return;
    const bar = barAt(document.elementFromPoint(event.clientX, event.clientY));
    if (bar) show(bar, hint());
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
  page.addEventListener("focusout", (event) => { if (barAt(event.target)) show(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    closed = shown ?? closed;
    hide();
  });
  // What is taken along opens in a dialog; where that cannot be loaded, as the page that the link leads to.
  page.addEventListener("click", (event) => {
    const link = event.target;
    if (link.id !== "share" || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (isOpening) return;
    isOpening = true;
    import(link.dataset.script).then((script) => script.open(link))
      .catch(() => { if (isOpening) location.href = link.href; })
      .finally(() => { isOpening = false; });
  });
  addEventListener("beforeunload", () => { isOpening = false; }); // whoever goes elsewhere meanwhile is not taken there
  page.addEventListener("morphed", () => { // by live.js
    topAlbums.clear(); // a tip that is opened from now on has newer ones
    if (shown?.isConnected) {
      describe(shown);
      placeTip(shown);
      if (!page.dataset.live) listAllAlbums();
    } else hide();
    makeTabStop(tabStop);
  });

  makeTabStop();
}
