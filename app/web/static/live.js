// Keeps the page current: after every event it loads the page again and morphs what is shown into it, element by
// element, so that nothing that a visitor has opened, focused, selected or typed is lost. The server does all the
// drawing. Without this script a reload shows the same.
"use strict";

const MIN_PAUSE = 350; // ms between two loads
const MAX_PAUSE = 15000; // ms without an event, after which a page may have to say why; or for a load
const QUIET_AFTER = 10000; // ms without an event, after which a connection may be dead
const RETRY_PAUSE = 2000; // ms after a load that failed, until the page says so
const LOST_AFTER = 10000; // ms without an answer of the site, after which the page says so; a restart is over before
const TELL_PAUSE = 10000; // ms between two sentences to a screen reader
const page = document.getElementById("page");
const region = document.getElementById("told");
const lost = document.getElementById("lost");
let address = page.dataset.live;
let connection, running, loadAgain, loadTimer, retryTimer, lostTimer, ticker;
let failures = 0, hasWorked = false, heardAt = 0, told = "", isLeft = false, ends = [];

async function load() {
  loadUnlessHeard();
  if (running) { loadAgain = true; return; }
  const mine = running = new AbortController();
  const timeout = setTimeout(() => mine.abort(), MAX_PAUSE);
  loadAgain = false;
  try {
    const answer = await fetch(location.href, { signal: mine.signal });
    if (answer.redirected && !isLeft) location.replace(answer.url); // the listener's new name
    const loaded = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = loaded.getElementById("page");
    if (next?.dataset.run < page.dataset.run) loadIn(3 * MIN_PAUSE); // older, from a cache
    else if (next) { document.title = loaded.title; show(next); }
    if (next) reached(); else missed(); // what a proxy says while the site is away
  } catch { if (mine === running) missed(); }
  clearTimeout(timeout);
  setTimeout(() => {
    if (mine !== running) return; // tried anew meanwhile
    running = undefined;
    if (loadAgain) load();
  }, MIN_PAUSE);
}

function reached() {
  clearTimeout(lostTimer);
  lostTimer = undefined;
  lost.hidden = true;
}

function missed() {
  if (lost.hidden) loadIn(RETRY_PAUSE);
  lostTimer ??= setTimeout(() => {
    lost.hidden = false;
    region.textContent = told = lost.firstElementChild.textContent;
  }, LOST_AFTER);
}

// At once, whatever hangs. The button goes away with the notice: whoever pressed it goes on at the top.
function tryNow() {
  if (lost.contains(document.activeElement)) {
    const title = page.querySelector("h1");
    title?.setAttribute("tabindex", "-1");
    title?.focus({ preventScroll: true });
  }
  running?.abort();
  running = undefined;
  follow(address);
  load();
}

function loadIn(pause) {
  clearTimeout(loadTimer);
  loadTimer = setTimeout(load, pause);
}

// Pages that heard the same event last, and whose machine has lost its power since, do not come back all at once.
function loadUnlessHeard() {
  loadIn(MAX_PAUSE * (0.75 + 0.25 * Math.random()));
}

function show(next) {
  const before = sentence("[data-told=now]", false), knew = state();
  document.documentElement.classList.add("live"); // from here on new bars grow out of the axis
  keepBelow(next);
  Idiomorph.morph(page, next.childNodes, { morphStyle: "innerHTML", callbacks: KEEP });
  if (page.dataset.run !== next.dataset.run) ends = [];
  page.dataset.run = next.dataset.run ?? "";
  countDown();
  if (next.dataset.live !== address) follow(next.dataset.live);
  page.dispatchEvent(new Event("morphed"));
  if (state() !== knew) doubt();
  if (!address || sentence("[data-told=now]", false) !== before) tell();
}

// What a visitor has not seen yet comes below all that is there, so that nothing moves.
function keepBelow(next) {
  const late = next.querySelector("#insights");
  if (late && !page.querySelector(".result > #insights")) next.append(late);
}

// What belongs to the visitor, to chart.js, to months.js or to waiting.js, not to the server.
const KEEP = {
  beforeNodeRemoved: (node) => node.id !== "tip",
  beforeNodeMorphed: (node) => node.parentNode?.id !== "share" && node.id !== "guess" && !(node.dataset && "drawn" in node.dataset),
  beforeAttributeUpdated: (name, element) =>
    !(name === "open" || (name === "value" && element.localName === "input") || (name === "hidden" && element.id === "share")
      || (name === "tabindex" && element.localName === "h1")),
};

// All that a screen reader is told unasked: how far it is, every ten seconds, and at once how it ends or why it does not.
function tell() {
  const now = sentence("[data-told]", false);
  if (now !== told) region.textContent = sentence("[data-told]");
  told = now;
}

// What no event changes without being heard.
function state() {
  return page.dataset.run + sentence("[data-told]", false);
}

// What is told, with or without the seconds that are counted down.
function sentence(selector, hasClocks = true) {
  const parts = [...page.querySelectorAll(selector)].map((part) => part.cloneNode(true));
  if (!hasClocks) for (const part of parts) part.querySelectorAll("[data-seconds], #left").forEach((clock) => clock.remove());
  return parts.map((part) => part.textContent).join(" ").replace(/\s+/g, " ").trim();
}

// Until Last.fm is asked again: by the worker, or because the page is loaded then.
function countDown() {
  clearInterval(ticker);
  const now = Date.now(), clocks = [...page.querySelectorAll("[data-seconds]")];
  // An answer that was long on its way puts no clock of the same run back.
  const known = (nth) => (clocks.length === ends.length && ends[nth] > now ? ends[nth] : Infinity);
  ends = clocks.map((clock, nth) => Math.min(known(nth), now + 1000 * clock.dataset.seconds));
  const tick = () => {
    for (const [nth, clock] of clocks.entries()) {
      const left = Math.max(0, Math.ceil((ends[nth] - Date.now()) / 1000));
      const seconds = String(left % 60).padStart(2, "0");
      clock.textContent = clock.textContent.includes(":") ? `${Math.floor(left / 60)}:${seconds}` : left;
    }
  };
  tick();
  if (clocks.length) ticker = setInterval(() => {
    tick();
    if (Math.min(...ends) <= Date.now()) { clearInterval(ticker); load(); }
  }, 250);
}

// A comparison follows one listener's year, then the other's.
function follow(next) {
  disconnect();
  address = next;
  if (address) { page.dataset.live = address; failures = 0; connect(); loadUnlessHeard(); }
}

function disconnect() {
  clearTimeout(loadTimer);
  loadAgain = false;
  delete page.dataset.live;
  hangUp();
}

function hangUp() {
  clearTimeout(retryTimer);
  if (connection) connection.onclose = connection.onerror = connection.onmessage = null;
  connection?.close();
  connection = undefined;
}

// Some networks block WebSockets: after each failure it tries the other way.
function connect() {
  hangUp();
  if (!address) return;
  hasWorked = false;
  heardAt = Date.now();
  try { failures % 2 ? openEventSource() : openSocket(); } catch { retry(true); }
}

function openSocket() {
  connection = new WebSocket(location.origin.replace("http", "ws") + address + "/live");
  connection.onmessage = () => heard(0);
  connection.onclose = () => retry(!hasWorked);
}

function openEventSource() {
  connection = new EventSource(address + "/events");
  connection.onmessage = () => heard(1);
  connection.onerror = () => { connection.close(); retry(true); };
}

function heard(way) {
  hasWorked = true;
  heardAt = Date.now();
  failures = way;
  clearTimeout(retryTimer);
  load();
}

// A machine that loses its power ends no connection, and no script sees a ping. Where a page shows what nothing was
// heard of, it connects anew, unless what it should have heard comes meanwhile.
function doubt() {
  if (connection?.readyState < 2 && Date.now() - heardAt > QUIET_AFTER) retry(!hasWorked);
}

function retry(theOtherWay) {
  if (!address) return;
  failures += theOtherWay;
  const pause = Math.min(MAX_PAUSE, 500 * 2 ** failures) * (0.7 + 0.6 * Math.random());
  clearTimeout(retryTimer);
  retryTimer = setTimeout(() => { load(); connect(); }, pause);
}

lost.querySelector("button").addEventListener("click", tryNow);
addEventListener("online", () => { if (address) tryNow(); });
addEventListener("offline", () => { if (address) missed(); });
addEventListener("beforeunload", () => { isLeft = true; }); // what a visitor chose goes before what the page would do
addEventListener("pageshow", () => { isLeft = false; }); // Back again, the browser may have kept it as it was left
connect();
countDown();
loadUnlessHeard();
setInterval(tell, TELL_PAUSE);
