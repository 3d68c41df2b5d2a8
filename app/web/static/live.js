// Keeps the page true while a fetch runs: every event makes it ask for itself again and grow into the answer.
// The server draws; nothing is drawn twice. Without this script a reload shows the same.
"use strict";

const FASTEST = 350; // ms between two looks
const SLOWEST = 30000; // ms after which it looks even if nothing was heard, and those an answer may take
const page = document.getElementById("page");
let address = page.dataset.live;
let socket, source, looking, again, patience, retry;
let failures = 0;

async function look() {
  clearTimeout(patience);
  patience = setTimeout(look, SLOWEST);
  if (looking) { again = true; return; }
  looking = true;
  again = false;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(SLOWEST) });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("page");
    if (next) show(next);
  } catch { /* The network is away: the connection's own retry looks again. */ }
  setTimeout(() => { looking = false; if (again) look(); }, FASTEST);
}

function show(next) {
  const before = new Map(bars().map((bar) => [name(bar), place(bar)]));
  const focused = document.activeElement?.id;
  const asked = page.querySelector("input");
  const opened = [...page.querySelectorAll("details[open]")].map((one) => one.id);
  page.replaceChildren(...next.childNodes);
  const after = bars().map((bar) => [bar, place(bar)]);
  for (const [bar, to] of after) put(bar, before.get(name(bar)) ?? { ...to, y: "100%", height: "0%" });
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  page.getBoundingClientRect(); // the browser must see the old places for the way to the new ones to be shown
  for (const [bar, to] of after) put(bar, to);
  if (asked) page.querySelector("input")?.replaceWith(asked); // somebody may be writing
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  page.dispatchEvent(new Event("grown"));
  if (next.dataset.live !== address) move(next.dataset.live);
}

// Of two listeners one may be complete before the other.
function move(to) {
  leave();
  address = to;
  if (address) { page.dataset.live = address; failures = 0; follow(); patience = setTimeout(look, SLOWEST); }
}

const bars = () => [...page.querySelectorAll(".bars [data-bar]")];
const name = (bar) => bar.parentElement.id;
const place = (bar) => Object.fromEntries(["x", "y", "width", "height"].map((k) => [k, bar.getAttribute(k)]));
const put = (bar, to) => Object.entries(to).forEach(([k, value]) => bar.setAttribute(k, value));

function leave() {
  clearTimeout(patience);
  clearTimeout(retry);
  again = false;
  delete page.dataset.live;
  if (socket) socket.onclose = null;
  socket?.close();
  source?.close();
}

// Where websockets do not get through, events do: after a failure the other way is tried.
function follow() {
  if (!address) return;
  try { failures % 2 ? stream() : connect(); } catch { failed(); }
}

function connect() {
  let heard = false;
  socket = new WebSocket(location.origin.replace("http", "ws") + address + "/live");
  socket.onmessage = () => { heard = true; failures = 0; look(); };
  socket.onclose = () => (heard ? later() : failed());
}

function stream() {
  source = new EventSource(address + "/events");
  source.onmessage = () => { failures = 1; look(); };
  source.onerror = () => { source.close(); failed(); };
}

function failed() {
  failures += 1;
  later();
}

function later() {
  if (address) retry = setTimeout(() => { look(); follow(); }, Math.min(SLOWEST, 500 * 2 ** failures) * (0.7 + 0.6 * Math.random()));
}

follow();
patience = setTimeout(look, SLOWEST);
