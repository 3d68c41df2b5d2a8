// What is not where it should be on a page. What a box clips is left out, and so is what only screen readers meet.
// Given is how high a control has to be; 0 where nothing is touched.
touch => {
  const faults = new Set();
  const styles = new Map();
  const style = one => styles.get(one) ?? styles.set(one, getComputedStyle(one)).get(one);
  const boxes = new Map();
  const box = one => boxes.get(one) ?? boxes.set(one, one.getBoundingClientRect()).get(one);
  const named = one => one.localName + (one.id ? "#" + one.id : "") + [...one.classList].map(name => "." + name).join("");
  const parents = one => { const all = []; for (; one && one !== document.documentElement; one = one.parentElement) all.push(one); return all; };
  const isSeen = one => one.checkVisibility({visibilityProperty: true, opacityProperty: true})
    && parents(one).every(each => style(each).clipPath === "none");
  const overlap = (a, b) => [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];

  // Pieces of text, clipped; each has to stay within all boxes around it.
  const pieces = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, noscript, title") || !isSeen(parent)) continue;
    const svg = parent.closest("svg.chart, svg");
    const around = parents(svg ? parents(svg).filter(one => one.localName === "svg").pop().parentElement : parent);
    const range = document.createRange();
    range.selectNodeContents(node);
    const told = node.data.trim().slice(0, 40);
    const beside = svg ? 8 : 1; // labels of an axis stand free, in the margin of the page
    for (const {left, right, top, bottom} of range.getClientRects()) {
      const rect = {left, right, top, bottom};
      for (const one of around) {
        const {display, overflowX} = style(one), at = box(one);
        if (["inline", "contents"].includes(display)) continue;
        if (overflowX !== "visible") {
          for (const side of ["left", "top"]) rect[side] = Math.max(rect[side], at[side]);
          for (const side of ["right", "bottom"]) rect[side] = Math.min(rect[side], at[side]);
        } else if (rect.left < at.left - beside || rect.right > at.right + beside || rect.top < at.top - 4 || rect.bottom > at.bottom + 4) {
          faults.add(`"${told}" runs out of ${named(one)}`);
        }
      }
      if (rect.right - rect.left > 1 && rect.bottom - rect.top > 1) pieces.push({...rect, node, parent, told});
    }
  }
  pieces.sort((a, b) => a.top - b.top);
  pieces.forEach((one, nth) => {
    for (const other of pieces.slice(nth + 1)) {
      if (other.top > one.bottom) break;
      const [x, y] = overlap(one, other);
      if (other.node !== one.node && x > 2 && y > 0.35 * Math.min(one.bottom - one.top, other.bottom - other.top)) {
        faults.add(`"${other.told}" lies over "${one.told}"`);
      }
    }
  });

  // Drawings, controls and framed boxes: no text of something else on them, none over another.
  const isFramed = one => !one.closest("svg") && one !== document.body
    && (style(one).backgroundColor !== "rgba(0, 0, 0, 0)" || style(one).borderLeftWidth !== "0px" || style(one).borderRightWidth !== "0px");
  const things = [...document.body.querySelectorAll("*")].filter(one => (isFramed(one) || one.matches("svg, progress"))
    && !one.parentElement.closest("svg") && isSeen(one) && box(one).width > 1 && box(one).height > 1);
  things.forEach((one, nth) => {
    for (const other of things.slice(nth + 1)) {
      const [x, y] = overlap(box(one), box(other));
      if (x > 1 && y > 1 && !one.contains(other)) faults.add(`${named(other)} lies over ${named(one)}`);
    }
    for (const text of pieces) {
      const [x, y] = overlap(box(one), text);
      if (x > 2 && y > 4 && !one.contains(text.node)) faults.add(`"${text.told}" lies over ${named(one)}`);
    }
  });

  // What is to be touched. A row of years is one target; bars are as high as the chart. Of a link that is broken over
  // lines the longest part counts.
  const area = one => one.width * one.height;
  const controls = [...document.querySelectorAll("a, button, summary, input:not([type=hidden])")]
    .filter(one => touch && !one.closest("svg, .skip") && isSeen(one))
    .map(one => ({one, told: `${named(one)} "${one.textContent.trim().slice(0, 30)}"`, parts: [...(one.closest(".years tr") ?? one).getClientRects()]}))
    .filter(({parts}) => parts.length);
  for (const {one, told, parts} of controls) {
    const {left, right, top, bottom, height} = parts.sort((a, b) => area(b) - area(a))[0];
    if (Math.round(height) < touch) faults.add(`${told} is ${height.toFixed(1)} high`);
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const isThere = its => its.left < x && x < its.right && its.top < y && y < its.bottom;
    for (const other of controls) {
      if (other.one !== one && other.parts.some(isThere)) faults.add(`${other.told} is touched in place of ${told}`);
    }
  }
  return [...faults];
}
