// Shows one release year in all charts at once: the one under the mouse or the finger, or the slider's.
// It reads the table below the charts: without this script that says the same.
"use strict";
{
  const page = document.getElementById("page");
  const SVG = "http://www.w3.org/2000/svg";
  let shown; // the name of the row, which stays the same while the page grows

  const rows = () => [...page.querySelectorAll("#rows tr")];
  const nameOf = (row) => row.cells[0].textContent.trim();
  const shareOf = (row, nth) => row.cells[1 + nth].textContent.trim();

  function show(row) {
    for (const old of page.querySelectorAll(".look")) old.remove();
    shown = row && nameOf(row);
    for (const line of page.querySelectorAll("[data-picked]")) {
      const chart = line.parentElement.querySelector("svg.chart:not(.nothing)");
      line.textContent = row && chart ? `${shown}: ${shareOf(row, Number(line.dataset.picked))}` : "";
      if (!row || !chart) continue;
      const look = document.createElementNS(SVG, "rect");
      look.setAttribute("class", "look");
      look.setAttribute("x", `${row.dataset.x}%`);
      look.setAttribute("width", `${row.dataset.width}%`);
      look.setAttribute("height", "100%");
      chart.append(look);
    }
    const slider = page.querySelector("#release");
    if (!slider || !row) return;
    slider.value = rows().indexOf(row);
    page.querySelector("#picked").textContent = shown;
    const names = [...page.querySelectorAll("#facts thead th")].map((name) => name.textContent);
    slider.setAttribute("aria-valuetext",
      `${shown}: ${names.map((name, nth) => `${name.trim()} ${shareOf(row, nth)}`).join(", ")}`);
  }

  // The bar that is nearest to the pointer, so that it need not hit one.
  function rowAt(event) {
    const chart = event.target.closest?.(".one svg.chart");
    if (!chart) return undefined;
    const box = chart.getBoundingClientRect();
    const at = 100 * (event.clientX - box.left) / box.width;
    const away = (row) => Math.abs(Number(row.dataset.x) + Number(row.dataset.width) / 2 - at);
    return rows().reduce((best, row) => (best && away(best) <= away(row) ? best : row), undefined);
  }

  function offer() {
    const all = rows();
    page.querySelector("#pick").classList.toggle("works", all.length > 0);
    if (all.length) show(all.find((row) => nameOf(row) === shown));
  }

  for (const type of ["pointermove", "pointerdown"]) page.addEventListener(type, (event) => {
    const row = rowAt(event);
    if (row && nameOf(row) !== shown) show(row);
  });
  page.addEventListener("input", (event) => { if (event.target.id === "release") show(rows()[event.target.value]); });
  page.addEventListener("focusin", (event) => { if (event.target.id === "release" && !shown) show(rows()[event.target.value]); });
  page.addEventListener("morphed", offer); // by live.js
  offer();
}
