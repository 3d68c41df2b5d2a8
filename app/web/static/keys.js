// Arrow keys walk the bars of a chart, the columns of a map and the rows of a table of years; Home and End lead to the ends.
// Every one of them is a link: without this script the Tab key reaches them.
"use strict";
document.addEventListener("keydown", (event) => {
  const link = document.activeElement;
  const isBar = link.matches(".bars a, .columns a");
  if (!(isBar || link.matches(".years a")) || event.altKey || event.ctrlKey || event.metaKey) return;
  const links = [...link.closest(".bars, .columns, .years").querySelectorAll("a")];
  const at = links.indexOf(link);
  const [back, forth] = isBar ? ["ArrowLeft", "ArrowRight"] : ["ArrowUp", "ArrowDown"];
  const to = { [back]: at - 1, [forth]: at + 1, Home: 0, End: links.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  links[to]?.focus();
});
