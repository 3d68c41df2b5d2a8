// Records, frame by frame, where the named parts of the page are: their boxes on the page, whenever one has changed.
{
  const parts = PARTS; // name -> selector; of several the name is numbered
  const frames = window.frames_seen = [];
  let last = "";
  const look = () => {
    const boxes = {};
    for (const [name, selector] of Object.entries(parts)) {
      [...document.querySelectorAll(selector)].forEach((one, nth) => {
        const { x, y, width, height } = one.getBoundingClientRect();
        if (width && height) boxes[`${name} ${nth}`] = [x + scrollX, y + scrollY, width, height];
      });
    }
    const now = JSON.stringify(boxes);
    if (now !== last) frames.push(boxes);
    last = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
