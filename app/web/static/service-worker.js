// Keeps the charts that were seen last in this browser, so that they can be read without a connection. What is asked for
// comes from the network as long as that answers. RELEASE, and SHELL with what the page for no connection needs, stand
// before this: pages/web_app.py puts them there, so that every release is another service worker.
"use strict";
const CHARTS = "lastyear charts", FILES = "lastyear files"; // offline.js has the same names
const OFFLINE = `lastyear offline ${RELEASE}`;
const MOST = 10, LONGEST = 30 * 24 * 3600 * 1000; // charts, and ms for which one is kept
const KEPT_AT = "X-Kept-At";
const CHART = /^\/user\/[^/]+\/\d{4}$/;
const LISTENER = /^\/user\/([^/]+)/;
const NO_PAGES = /^\/(?:operator|api|internal|embed|static|healthz|readyz|metrics)(?:\/|$)|\.(?:png|svg|csv|json|js|txt)$/;
const WHOLE = /<section[^>]* data-whole[ >]/;
const IS_FILE = /(?:href|src)="(\/static\/[^"]+)"/g;
const withoutConnection = new Set(); // the pages that were shown so: their files are asked of the cache first

addEventListener("install", (event) => event.waitUntil(
  caches.open(OFFLINE).then((cache) => cache.addAll(SHELL)).then(() => skipWaiting())));

addEventListener("activate", (event) => event.waitUntil(Promise.all([
  registration.navigationPreload?.enable(),
  caches.keys().then((names) => Promise.all(
    names.filter((name) => name.startsWith("lastyear offline ") && name !== OFFLINE).map((name) => caches.delete(name)))),
  clients.claim(),
])));

addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (!NO_PAGES.test(url.pathname)) event.respondWith(show(event, url));
  } else if (url.pathname.startsWith("/static/") && (withoutConnection.has(event.clientId) || !navigator.onLine)) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});

// A page that has grown whole, or was there before this worker: the browser has what it shows.
addEventListener("message", (event) => {
  const url = new URL(event.data.keep);
  if (!CHART.test(url.pathname)) return;
  const opened = open();
  event.waitUntil(fetch(url, { cache: "force-cache" }).then((answer) => look(url, answer, opened)));
});

// Opened before a page is asked for: what visits.js deletes meanwhile takes the page along.
const open = () => Promise.all([caches.open(CHARTS), caches.open(FILES)]);

// One at a time: tidying for one chart would delete the files of another that is not there yet.
const inTurn = (change) => navigator.locks.request(CHARTS, change);

async function show(event, url) {
  const opened = CHART.test(url.pathname) && open();
  let answer;
  try { answer = (await event.preloadResponse) ?? (await fetch(event.request)); } catch { return withoutNetwork(event, url); }
  event.waitUntil(look(url, answer.clone(), opened).catch(() => { /* No room: then it is not kept. */ }));
  return answer;
}

// Keeps a whole year; drops what is not there any more, or may not be shown.
async function look(url, answer, opened) {
  if ([403, 404, 410].includes(answer.status)) return inTurn(() => drop(url, answer.status));
  if (!CHART.test(url.pathname) || !answer.ok || answer.redirected) return undefined;
  const text = await answer.text();
  return WHOLE.test(text) ? inTurn(() => keep(url, answer, text, opened)) : undefined;
}

async function keep(url, answer, text, opened) {
  const [charts, files] = await opened;
  const headers = new Headers(answer.headers);
  headers.set(KEPT_AT, Date.parse(headers.get("Date")) || Date.now()); // it may come from the browser's own cache
  await Promise.all(filesOf(text).map(async (file) => {
    if (!(await files.match(file))) await files.put(file, await fetch(file, { cache: "force-cache" }));
  }));
  await charts.delete(keyOf(url));
  await charts.put(keyOf(url), new Response(text, { headers })); // the keys are in the order in which they were put
  await tidy();
}

async function drop(url, status) {
  const [, name] = LISTENER.exec(url.pathname) ?? [];
  if (!name) return;
  const ofAll = status === 410 || !CHART.test(url.pathname) && url.pathname === `/user/${name}`;
  const charts = await caches.open(CHARTS);
  const isGone = (key) => (ofAll ? namesIn(key).includes(name.toLowerCase()) : key.pathname === keyOf(url).pathname);
  const gone = (await charts.keys()).filter((request) => isGone(new URL(request.url)));
  await Promise.all(gone.map((request) => charts.delete(request)));
  if (gone.length) await tidy();
}

// Leaves the newest charts, and the files that they need.
async function tidy() {
  const [charts, files] = await open();
  const needed = new Set();
  for (const [nth, key] of (await charts.keys()).reverse().entries()) {
    const kept = await charts.match(key);
    if (nth >= MOST || isOld(kept)) await charts.delete(key);
    else for (const file of filesOf(await kept.text())) needed.add(new URL(file, location).href);
  }
  for (const file of await files.keys()) if (!needed.has(file.url)) await files.delete(file);
}

async function withoutNetwork(event, url) {
  withoutConnection.add(event.resultingClientId);
  const kept = await (await caches.open(CHARTS)).match(keyOf(url));
  if (kept && !isOld(kept)) return withNote(kept);
  const page = await caches.match("/offline", { cacheName: OFFLINE });
  return page ? new Response(await page.text(), { status: 503, headers: page.headers }) : Response.error();
}

async function withNote(kept) {
  const at = new Date(Number(kept.headers.get(KEPT_AT)));
  const date = at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  const why = navigator.onLine ? "This site does not answer right now." : "You are offline.";
  const note = `<p class="from-operator" id="offline" role="note">${why} This is the chart as of ${date}, as this browser has kept it.</p>`;
  const text = (await kept.text()).replace("<main", `${note}\n<main`);
  return new Response(text, { headers: kept.headers });
}

const isOld = (kept) => Date.now() - Number(kept.headers.get(KEPT_AT)) > LONGEST;
const filesOf = (text) => [...new Set([...text.matchAll(IS_FILE)].map(([, file]) => file))];

// Upper and lower case make no difference in names, and where a visitor comes from makes none in a page.
function keyOf(url) {
  const key = new URL(url.pathname.toLowerCase() + url.search.toLowerCase(), location);
  key.searchParams.delete("was");
  return key;
}

function namesIn(key) {
  const [, name] = LISTENER.exec(key.pathname) ?? [];
  return [name, ...(key.searchParams.get("with") ?? "").split(",")];
}
