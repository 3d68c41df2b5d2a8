// Points at the chart's bars, by mouse, finger and arrow keys, tells what is behind them, and shares the page.
// The bars are links with a title: all of it can be had without this script, a click further.
"use strict";
{
  const page = document.getElementById("page");
  const asked = new Map(); // address -> the albums of all release years, asked for once
  let shown, tip, wasShown;

  const barAt = (target) => target?.closest?.(".bars a");

  function show(bar, hint = "") {
    if (bar === shown) return;
    hide();
    if (!bar) return;
    shown = bar;
    const title = bar.querySelector("title");
    if (title) { // the browser would show it a second time
      bar.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    const [head, rest] = bar.getAttribute("aria-label").split(/: (.*)/);
    // Of two who are compared each has a line and an address; an empty one as long as that year still grows.
    const addresses = (bar.closest("svg.chart").dataset.top ?? "").split(" ");
    const two = addresses.length > 1;
    const lines = (two ? rest.split(", ") : [rest]).map((text, nth) =>
      make("p", "", {}, two ? make("i", "", { className: `key ${nth ? "other" : "one"}` }) : make("b", head), " ", text));
    tip = make("div", "", { className: "tip", id: "tip", role: "status" });
    tip.append(...(two ? [make("b", head)] : []), ...lines);
    if (hint) tip.append(make("p", hint, { className: "open" }));
    bar.classList.add("shown");
    bar.closest("figure").append(tip);
    place(bar);
    lines.forEach((line, nth) => tell(bar, line, addresses[nth], two ? 2 : 3));
  }

  function hide() {
    shown?.classList.remove("shown");
    tip?.remove();
    shown = tip = undefined;
  }

  // Beside the bar, on the side where there is more room, and never making the page longer or wider.
  function place(bar) {
    const box = bar.getBoundingClientRect();
    const figure = tip.parentElement.getBoundingClientRect();
    const onTheRight = box.left + box.right < figure.left + figure.right;
    const left = onTheRight ? box.right - figure.left + 8 : box.left - figure.left - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(0, Math.min(left, figure.width - tip.offsetWidth))}px`;
  }

  async function tell(bar, line, address, most) {
    if (!address) return;
    if (!asked.has(address)) asked.set(address, fetch(address).then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({})));
    const years = await asked.get(address);
    if (!line.isConnected) return; // another bar is shown by now
    const [first, last = first] = bar.id.slice(1).split("-").map(Number);
    const albums = Object.entries(years).filter(([year]) => first <= year && year <= last).flatMap(([, some]) => some);
    albums.sort((a, b) => b[2] - a[2]);
    const list = make("ol");
    for (const [artist, title, plays] of albums.slice(0, most)) {
      const name = make("span", "", {}, make("bdi", title), " ", make("small", "", {}, make("bdi", artist)));
      list.append(make("li", "", {}, name, make("small", plays.toLocaleString("en"))));
    }
    if (!albums.length) return;
    line.after(list);
    place(bar);
  }

  function make(tag, text = "", traits = {}, ...children) {
    const element = Object.assign(document.createElement(tag), traits);
    element.append(...(text ? [text] : []), ...children);
    return element;
  }

  // Tab stops at the chart once, at the bar that was last walked to; arrow keys walk on.
  function rove(to = page.querySelector(".bars a")) {
    for (const bar of page.querySelectorAll(".bars a")) bar.tabIndex = bar === to ? 0 : -1;
  }

  function walk(event) {
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

  // A finger shows a bar first and opens it with the second tap; moved sideways it walks over the bars.
  const AGAIN = "Tap again for all of it";
  document.addEventListener("pointerdown", (event) => {
    wasShown = shown;
    if (event.pointerType !== "mouse") show(barAt(event.target), AGAIN);
  });
  document.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse") return;
    const bar = barAt(document.elementFromPoint(event.clientX, event.clientY));
    if (bar) show(bar, AGAIN);
  });
  page.addEventListener("click", (event) => {
    const bar = barAt(event.target);
    if (bar && ["touch", "pen"].includes(event.pointerType) && bar !== wasShown) event.preventDefault();
  });
  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse") show(barAt(event.target) ?? barAt(document.activeElement));
  });
  page.addEventListener("focusin", (event) => {
    const bar = barAt(event.target);
    if (!bar) return;
    show(bar);
    rove(bar);
  });
  page.addEventListener("focusout", (event) => { if (barAt(event.target)) hide(); });
  page.addEventListener("keydown", walk);
  page.addEventListener("click", (event) => { if (event.target.id === "share") share(event.target); });
  page.addEventListener("grown", () => {
    const again = shown && document.getElementById(shown.id);
    hide();
    rove(again ?? undefined);
    show(again);
    offer();
  });

  async function share(button) {
    const url = location.origin + location.pathname + location.search;
    try {
      if (navigator.share) {
        await navigator.share({ title: document.title, text: button.dataset.text, url });
      } else {
        await navigator.clipboard.writeText(url);
        button.textContent = "Link copied";
        setTimeout(() => { button.textContent = "Share"; }, 2500);
      }
    } catch { /* Thought better of it. */ }
  }

  function offer() {
    const button = document.getElementById("share");
    if (button) button.hidden = !(navigator.share || navigator.clipboard);
  }

  rove();
  offer();
}
