// Has the charts that are seen kept in this browser, for when there is no connection: service-worker.js does it. Forgets
// those of whoever is gone, and lists them on the page that stands in for one that cannot be had, until it can.
"use strict";
{
  const CHARTS = "lastyear charts"; // service-worker.js has the same name
  const KEPT_AT = "X-Kept-At";
  const page = document.getElementById("page");
  const hasCaches = "caches" in globalThis; // not over plain HTTP

  const keep = () => {
    if (document.querySelector("[data-whole]")) navigator.serviceWorker?.controller?.postMessage({ keep: location.href });
  };

  async function register() {
    // Who has just come for the first time is looking at a chart already; later the worker sees each page by itself.
    if (!navigator.serviceWorker.controller) {
      navigator.serviceWorker.addEventListener("controllerchange", keep, { once: true });
    }
    await navigator.serviceWorker.register("/service-worker.js");
  }

  async function forget(name) {
    const charts = await caches.open(CHARTS);
    for (const request of await charts.keys()) {
      const { pathname, searchParams } = new URL(request.url);
      const names = [pathname.split("/")[2], ...(searchParams.get("with") ?? "").split(",")];
      if (names.includes(name.toLowerCase())) await charts.delete(request);
    }
  }

  function look() {
    if (hasCaches) for (const one of document.querySelectorAll("[data-gone]")) forget(one.dataset.gone);
  }

  async function list(place) {
    const charts = hasCaches ? await caches.open(CHARTS) : undefined;
    const items = await Promise.all((await charts?.keys() ?? []).reverse().map(async (request) => {
      const kept = await charts.match(request);
      const { title } = new DOMParser().parseFromString(await kept.text(), "text/html");
      const [item, link] = [document.createElement("li"), document.createElement("a")];
      const at = new Date(Number(kept.headers.get(KEPT_AT)));
      link.href = request.url;
      link.textContent = title.replace(/ · LastYear\.fm$/, "");
      item.append(link, ` as of ${at.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" })}`);
      return item;
    }));
    place.querySelector("ul").replaceChildren(...items);
    place.querySelector(items.length ? ".none" : ".some").hidden = true;
  }

  const place = document.getElementById("kept");
  if (place) list(place);
  // What stands in for a page gives way to it once there is a connection, unless the visitor goes elsewhere.
  if (place ?? document.getElementById("offline")) {
    const reload = () => location.reload();
    addEventListener("online", reload);
    addEventListener("beforeunload", () => removeEventListener("online", reload));
    addEventListener("pageshow", ({ persisted }) => {
      if (persisted && navigator.onLine) reload(); else addEventListener("online", reload);
    });
  }
  page?.addEventListener("morphed", () => { look(); keep(); }); // by live.js
  // After all that is seen: it may cost nothing.
  const begin = () => { look(); if (navigator.serviceWorker) register().catch(() => { /* The browser lets nobody. */ }); };
  if (document.readyState === "complete") begin(); else addEventListener("load", begin, { once: true });
}
