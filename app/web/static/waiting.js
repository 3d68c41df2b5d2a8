// While a year comes in: counts down the time that is left, lets the bar glide to what is checked, and asks for a guess.
// The server says the same without it. A guess stays in this browser.
"use strict";
{
  const page = document.getElementById("page");
  const now = () => Date.now() / 1000;

  // The time that is left, in the words of reading.py. It never goes up, whatever a later answer says.
  const FEW = 5;
  let run, ends, least;

  function words(seconds) {
    if (seconds < -FEW) return "takes a little longer";
    if (seconds < FEW) return "a few seconds left";
    const [minutes, rest] = [Math.floor(Math.round(seconds) / 60), Math.round(seconds) % 60];
    return `about ${minutes ? `${minutes}\u00a0min\u00a0${String(rest).padStart(2, "0")}` : rest}\u00a0s left`;
  }

  function tick() {
    const left = document.getElementById("left");
    if (!left || ends === undefined) return;
    least = Math.min(least, ends - now());
    const text = words(least);
    if (left.textContent !== text) left.textContent = text;
  }

  // The bar glides to what is checked: never beyond, and never back.
  const GLIDE = 700; // ms
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  const progress = () => page.querySelector(".progress progress[value]");
  let checked, glided, frame, before;

  function glide(at) {
    const bar = progress();
    if (!bar) { frame = undefined; return; }
    glided += (checked - glided) * Math.min(1, (at - (before ?? at)) / GLIDE);
    if (checked - glided < bar.max / 1000) glided = checked;
    bar.value = glided;
    before = at;
    frame = glided < checked ? requestAnimationFrame(glide) : undefined;
  }

  function hear() {
    if (run !== page.dataset.run) { run = page.dataset.run; least = Infinity; glided = undefined; }
    const told = document.getElementById("left")?.dataset.left;
    ends = told === undefined ? undefined : now() + Number(told);
    // Nothing takes longer than was told as long as nothing was: a run tells no figure in its first seconds.
    if (told === undefined && least === Infinity) document.getElementById("left")?.parentElement.remove();
    tick();
    checked = progress()?.value;
    if (checked === undefined) { glided = undefined; return; }
    if (isCalm.matches || glided === undefined || glided > checked) glided = checked;
    progress().value = glided;
    if (glided < checked && frame === undefined) { before = undefined; frame = requestAnimationFrame(glide); }
  }

  // The guess: [listener/year, middle year], the latest first.
  const GUESSES = "lastyear:guesses", MOST = 20, EARLIEST = 1900;
  const NUMBERS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
  const box = () => document.getElementById("guess");
  const isYear = (year) => Number.isInteger(year) && year >= EARLIEST && year <= Number(box().dataset.latest);
  let shown;

  // Others may write there as well, and some browsers let nobody.
  function guesses() {
    try {
      const kept = JSON.parse(localStorage.getItem(GUESSES));
      return Array.isArray(kept) ? kept.filter((one) => Array.isArray(one) && typeof one[0] === "string") : [];
    } catch { return []; }
  }
  function guessed() {
    const year = guesses().find(([of]) => of === box().dataset.guess)?.[1];
    return isYear(year) ? year : undefined;
  }
  function keep(year) {
    const others = guesses().filter(([of]) => of !== box().dataset.guess).slice(0, MOST - 1);
    try { localStorage.setItem(GUESSES, JSON.stringify([[box().dataset.guess, year], ...others])); } catch { /* Then this page alone knows. */ }
  }

  function result(year, middle) {
    if (year === undefined) return middle ? `The middle year of this music is ${middle}.` : "";
    if (!middle) return `You guessed ${year}; no release year is known.`;
    const off = Math.abs(year - middle);
    return off ? `You guessed ${year}; it is ${middle}: ${NUMBERS[off] ?? off} year${off === 1 ? "" : "s"} off.` : `You guessed ${year}, and ${middle} it is.`;
  }

  function ask() {
    const [label, input, button] = ["label", "input", "button"].map((tag) => document.createElement(tag));
    label.textContent = "Guess the middle year of this music";
    label.htmlFor = input.id = "middle";
    Object.assign(input, { type: "number", min: EARLIEST, max: box().dataset.latest, step: 1, required: true, autocomplete: "off" });
    button.textContent = "Guess";
    button.className = "plain";
    box().replaceChildren(label, input, button);
    box().onsubmit = (event) => {
      event.preventDefault();
      if (!isYear(input.valueAsNumber)) return;
      keep(input.valueAsNumber);
      look(input.valueAsNumber);
    };
  }

  // Nobody is asked while no plays come in, since the middle year is hidden for as long: style.css.
  function stateOf(year, all) {
    const bar = page.querySelector(".progress");
    if (all !== undefined) return "told";
    if (!bar) return "away";
    return year !== undefined || "reads" in bar.dataset ? "asked" : "still";
  }

  function look(year = guessed() ?? shown?.year) {
    if (!box()) return;
    const all = document.getElementById("result")?.dataset.middle;
    const state = stateOf(year, all);
    box().hidden = state === "away";
    if (shown?.state === state && shown.year === year) return;
    shown = { state, year };
    if (state === "away" || state === "still") { box().replaceChildren(); return; }
    if (state === "asked" && year === undefined) { ask(); return; }
    const hadFocus = box().contains(document.activeElement);
    const text = Object.assign(document.createElement("p"), { tabIndex: -1 });
    text.textContent = state === "told" ? result(year, Number(all)) : `You guessed ${year}. How near that is shows when all plays are in.`;
    box().replaceChildren(text);
    // A screen reader reads what gets the focus; what does not, live.js tells it together with the headline.
    if (hadFocus) text.focus({ preventScroll: true });
    else if (state === "told" && year !== undefined) text.dataset.told = "";
  }

  hear();
  look();
  setInterval(tick, 250);
  page.addEventListener("morphed", () => { hear(); look(); });
  addEventListener("storage", (event) => { if (event.key === GUESSES) look(); }); // of another tab
}
