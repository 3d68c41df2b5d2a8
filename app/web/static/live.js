// Keeps the page true while a fetch runs: every event makes it ask for itself again and grow into the answer.
// The server draws; nothing is drawn twice. Without this script a reload shows the same.
"use strict";

const FASTEST = 350; // ms between two looks
const SLOWEST = 30000; // ms after which it looks even if nothing was heard
const page = document.getElementById("page");
let address = page.dataset.live;
let socket, source, looking, again, patience;
let failures = 0;

async function look() {
  clearTimeout(patience);
  patience = setTimeout(look, SLOWEST);
  if (looking) { again = true; return; }
  looking = true;
  again = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("page");
    if (next) show(next);
  } catch { /* The network is away: the connection's own retry looks again. */ }
  setTimeout(() => { looking = false; if (again) look(); }, FASTEST);
}

function show(next) {
  const before = new Map([...page.querySelectorAll(".bars rect")].map((bar) => [name(bar), place(bar)]));
  const focused = document.activeElement?.id;
  page.replaceChildren(...next.childNodes);
  for (const bar of page.querySelectorAll(".bars rect")) {
    const now = place(bar);
    const from = before.get(name(bar)) ?? { ...now, y: now.y + now.height, height: 0 };
    put(bar, from);
    bar.getBoundingClientRect(); // the browser must see the old place for the way to the new one to be shown
    put(bar, now);
  }
  if (focused) document.getElementById(focused)?.focus();
  address = next.dataset.live;
  if (!address) leave();
}

const name = (bar) => bar.ownerSVGElement.classList[1] + bar.dataset.year;
const place = (bar) => Object.fromEntries(["x", "y", "width", "height"].map((k) => [k, Number(bar.getAttribute(k))]));
const put = (bar, to) => Object.entries(to).forEach(([k, value]) => bar.setAttribute(k, value));

function leave() {
  clearTimeout(patience);
  delete page.dataset.live;
  socket?.close();
  source?.close();
}

function follow() {
  if (!address) return;
  // Where websockets do not get through, events do.
  if (failures >= 2) { stream(); return; }
  socket = new WebSocket(location.origin.replace("http", "ws") + address + "/live");
  let heard = false;
  socket.onmessage = () => { heard = true; failures = 0; look(); };
  socket.onclose = () => { if (!heard) failures += 1; later(); };
}

function stream() {
  source = new EventSource(address + "/events");
  source.onmessage = () => { failures = 2; look(); };
  source.onerror = () => { source.close(); failures += 1; later(); };
}

function later() {
  if (address) setTimeout(() => { look(); follow(); }, Math.min(SLOWEST, 500 * 2 ** failures) * (0.7 + 0.6 * Math.random()));
}

follow();
patience = setTimeout(look, SLOWEST);
