// Keeps the page current: after every event it loads itself again and animates the difference.
// The server does all the drawing. Without this script a reload shows the same.
"use strict";

const MIN_PAUSE = 350; // ms between two loads
const MAX_PAUSE = 15000; // ms without an event, after which a page may have to say why; or for a load
const page = document.getElementById("page");
let address = page.dataset.live;
let socket, source, isLoading, loadAgain, loadTimer, retryTimer, ticker;
let failures = 0;

async function load() {
  loadIn(MAX_PAUSE);
  if (isLoading) { loadAgain = true; return; }
  isLoading = true;
  loadAgain = false;
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(MAX_PAUSE) });
    if (answer.redirected) location.replace(answer.url); // the listener's new name
    const loaded = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = loaded.getElementById("page");
    if (next?.dataset.run < page.dataset.run) loadIn(3 * MIN_PAUSE); // older, from a cache
    else if (next) { document.title = loaded.title; replaceWith(next); }
  } catch { /* Offline. */ }
  setTimeout(() => { isLoading = false; if (loadAgain) load(); }, MIN_PAUSE);
}

function loadIn(pause) {
  clearTimeout(loadTimer);
  loadTimer = setTimeout(load, pause);
}

function replaceWith(next) {
  const before = new Map(bars().map((bar) => [name(bar), geometry(bar)]));
  const focused = document.activeElement?.id;
  const input = page.querySelector("input");
  const opened = [...page.querySelectorAll("details[open]")].map((details) => details.id);
  page.replaceChildren(...next.childNodes);
  page.dataset.run = next.dataset.run ?? "";
  const after = bars().map((bar) => [bar, geometry(bar)]);
  for (const [bar, to] of after) place(bar, before.get(name(bar)) ?? { ...to, y: "100%", height: "0%" });
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  page.getBoundingClientRect(); // lays out the old geometry, for a transition to the new one
  for (const [bar, to] of after) place(bar, to);
  if (input) page.querySelector("input")?.replaceWith(input); // the visitor may be typing
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  page.dispatchEvent(new Event("replaced"));
  countDown();
  if (next.dataset.live !== address) follow(next.dataset.live);
}

const bars = () => [...page.querySelectorAll(".bars [data-bar]")];
const name = (bar) => bar.parentElement.id;
const geometry = (bar) => Object.fromEntries(["x", "y", "width", "height"].map((key) => [key, bar.getAttribute(key)]));
const place = (bar, to) => Object.entries(to).forEach(([key, value]) => bar.setAttribute(key, value));

// Until Last.fm is asked again: by the worker, or because the page is loaded then.
function countDown() {
  clearInterval(ticker);
  const clocks = [...page.querySelectorAll("[data-seconds]")].map((clock) => [clock, Date.now() + 1000 * clock.dataset.seconds]);
  if (clocks.length) ticker = setInterval(() => {
    for (const [clock, end] of clocks) {
      const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      const seconds = String(left % 60).padStart(2, "0");
      clock.textContent = clock.textContent.includes(":") ? `${Math.floor(left / 60)}:${seconds}` : left;
      if (!left) { clearInterval(ticker); load(); }
    }
  }, 250);
}

// A comparison follows one listener's year, then the other's.
function follow(next) {
  disconnect();
  address = next;
  if (address) { page.dataset.live = address; failures = 0; connect(); loadIn(MAX_PAUSE); }
}

function disconnect() {
  clearTimeout(loadTimer);
  clearTimeout(retryTimer);
  loadAgain = false;
  delete page.dataset.live;
  if (socket) socket.onclose = null;
  socket?.close();
  source?.close();
}

// Some networks block WebSockets: after each failure it tries the other way.
function connect() {
  if (!address) return;
  try { failures % 2 ? openEventSource() : openSocket(); } catch { retry(true); }
}

function openSocket() {
  let hasWorked = false;
  socket = new WebSocket(location.origin.replace("http", "ws") + address + "/live");
  socket.onmessage = () => { hasWorked = true; failures = 0; load(); };
  socket.onclose = () => retry(!hasWorked);
}

function openEventSource() {
  source = new EventSource(address + "/events");
  source.onmessage = () => { failures = 1; load(); };
  source.onerror = () => { source.close(); retry(true); };
}

function retry(theOtherWay) {
  if (!address) return;
  failures += theOtherWay;
  const pause = Math.min(MAX_PAUSE, 500 * 2 ** failures) * (0.7 + 0.6 * Math.random());
  retryTimer = setTimeout(() => { load(); connect(); }, pause);
}

connect();
countDown();
loadIn(MAX_PAUSE);
