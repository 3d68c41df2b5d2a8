// What this browser remembers: the listeners it has shown last, and what their years came to then. Nothing is sent.
// A page loads it right where it may add something, so that nothing below moves: that is not laid out yet.
"use strict";
{
  const NAMES = "lastyear:names", YEARS = "lastyear:years", GUESSES = "lastyear:guesses"; // the last by waiting.js
  const CHARTS = "lastyear charts", FILES = "lastyear files"; // what service-worker.js keeps
  const MOST_NAMES = 8, MOST_YEARS = 50;
  const COUNTS = /^\d{1,9}( \d{1,4}:\d{1,9})*$/; // all plays, then those of each release year

  // Others may write there as well, and some browsers let nobody.
  function read(key, isOurs) {
    try {
      const kept = JSON.parse(localStorage.getItem(key));
      return Array.isArray(kept) ? kept.filter(isOurs) : [];
    } catch { return []; }
  }
  function write(key, kept) {
    try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* Then the next visit is a first one. */ }
  }
  const names = () => read(NAMES, (name) => typeof name === "string" && isWellFormed(name));
  const years = () => read(YEARS, (one) => Array.isArray(one) && typeof one[0] === "string" && isTime(one[1]) && isCounts(one[2]));
  const guesses = () => read(GUESSES, (one) => Array.isArray(one) && typeof one[0] === "string");
  const isWellFormed = (text) => !/\p{Surrogate}/u.test(text); // or there is no link to it
  const isTime = (at) => typeof at === "number" && !Number.isNaN(new Date(at).getTime());
  const isCounts = (counts) => typeof counts === "string" && COUNTS.test(counts);
  const isSame = (one, other) => one.toLowerCase() === other.toLowerCase();

  function rememberName(name) {
    write(NAMES, [name, ...names().filter((other) => !isSame(name, other))].slice(0, MOST_NAMES));
  }
  function rememberYear(year, counts) {
    write(YEARS, [[year, Date.now(), counts], ...years().filter(([other]) => !isSame(year, other))].slice(0, MOST_YEARS));
  }
  function forget(name) {
    write(NAMES, names().filter((other) => !isSame(name, other)));
    write(YEARS, years().filter(([year]) => !isSame(name, year.split("/")[0])));
    write(GUESSES, guesses().filter(([year]) => !isSame(name, year.split("/")[0])));
  }

  // What is different now; of plays that were removed meanwhile nobody knows which years they had.
  function difference(before, counts) {
    const [then, now] = [numbers(before), numbers(counts)];
    const more = now.plays - then.plays;
    const found = then.unplaced - now.unplaced;
    const lost = more ? 0 : Math.max(0, -found);
    let left = 0;
    for (const [year, plays] of then.years) left += Math.max(0, plays - (now.years.get(year) ?? 0));
    const corrected = more ? 0 : left - lost;
    const ofYears = [
      more >= 0 && found > 0 && `found for ${plays(found)}`,
      lost && `withdrawn for ${plays(lost)}`,
      corrected && `corrected for ${plays(corrected)}`,
    ].filter(Boolean).join(", ");
    return [
      more && `${plays(Math.abs(more))} ${more > 0 ? "more" : "fewer"}`,
      ofYears && `release year ${ofYears}`,
    ].filter(Boolean).join(", ");
  }
  function numbers(counts) {
    const [all, ...each] = counts.split(" ");
    const placed = new Map(each.map((one) => one.split(":").map(Number)));
    return { plays: Number(all), unplaced: all - [...placed.values()].reduce((sum, plays) => sum + plays, 0), years: placed };
  }
  const plays = (count) => `${count.toLocaleString("en")} play${count === 1 ? "" : "s"}`;

  function when(at) {
    const [then, now] = [new Date(at), new Date()];
    if (then.toDateString() === now.toDateString()) return "earlier today";
    const year = then.getFullYear() === now.getFullYear() ? undefined : "numeric";
    return `on ${then.toLocaleDateString("en-GB", { day: "numeric", month: "long", year })}`;
  }

  const page = document.getElementById("page");
  const line = () => document.getElementById("since");
  const before = line() && years().find(([year]) => isSame(year, line().dataset.year));
  const isReserved = before && "live" in page.dataset; // room for what there may be to tell when all plays are in

  function look() {
    for (const one of document.querySelectorAll("[data-gone]")) forget(one.dataset.gone);
    const visited = document.querySelector("[data-visited]");
    if (visited) rememberName(visited.dataset.visited);
    if (!line()) return;
    if (isReserved) line().classList.add("reserved");
    const { year, counts } = line().dataset;
    if (!counts) return;
    const changes = before && difference(before[2], counts);
    line().textContent = changes ? `Since your last visit ${when(before[1])}: ${changes}.` : "";
    rememberYear(year, counts);
  }

  function offer(recent) {
    const isKept = [names(), years(), guesses()].some((kept) => kept.length);
    recent.hidden = !isKept;
    recent.querySelector("h2").hidden = !names().length;
    recent.querySelector("button").textContent = names().length ? "Clear these names" : "Clear what this browser remembers";
    recent.querySelector("ul").replaceChildren(...names().map((name) => {
      const [item, link] = [document.createElement("li"), document.createElement("a")];
      link.href = `/user/${encodeURIComponent(name)}`;
      link.textContent = name;
      link.className = "button plain";
      item.append(link);
      return item;
    }));
  }
  function clear() {
    for (const key of [NAMES, YEARS, GUESSES]) write(key, []);
    if ("caches" in globalThis) for (const name of [CHARTS, FILES]) caches.delete(name); // not over plain HTTP
    recent.hidden = true;
    document.getElementById("name").focus();
  }

  look();
  page?.addEventListener("morphed", look); // by live.js
  const recent = document.getElementById("recent");
  if (recent) {
    offer(recent);
    recent.querySelector("button").addEventListener("click", clear);
    // Back from another page, the browser shows this one as it was left.
    addEventListener("pageshow", (event) => { if (event.persisted) offer(recent); });
  }
}
