// Shares a picture by the device's own means, or saves it and copies the link; copies snippets. On a chart's page, chart.js
// opens the panel in a dialog by it. Everything in the panel works without: links save, a form chooses, fields can be copied.

const wait = (image) => image.decode().catch(() => {});

export async function open(link) {
  const answer = await fetch(link.href);
  if (!answer.ok) throw new Error("There is nothing to share");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  await addStyle(page.getElementById("share-style"));
  const dialog = Object.assign(document.createElement("dialog"), { className: "take-along" });
  const title = Object.assign(document.createElement("h2"), { id: "take-along", textContent: "Share" });
  const close = Object.assign(document.createElement("button"), { className: "plain", type: "button", textContent: "Close", id: "close" });
  const top = Object.assign(document.createElement("div"), { className: "top" });
  top.append(title, close);
  dialog.setAttribute("aria-labelledby", "take-along");
  dialog.append(top, document.importNode(page.getElementById("panel"), true));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); }); // beside it
  dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
  document.body.append(dialog);
  dialog.showModal();
  start(dialog.querySelector("#panel"), link.href);
}

function addStyle(sheet) {
  if (document.getElementById(sheet.id)) return undefined;
  const added = Object.assign(document.createElement("link"), { id: sheet.id, rel: "stylesheet", href: sheet.getAttribute("href") });
  return new Promise((done) => {
    added.onload = added.onerror = done;
    document.head.append(added);
  });
}

function start(panel, address) {
  const one = (id) => panel.querySelector(`#${id}`);
  const told = one("told");
  let picture; // the promise of the file: by the click it has to be here, or the browser forbids to share it
  let chosen, choosing; // the address of the latest choice, and the promise that it is shown

  const tell = (text) => { told.textContent = text; };

  function load() {
    const { href, download } = one("save");
    picture = wait(one("preview")).then(() => fetch(href)).then(async (answer) => {
      if (!answer.ok) throw new Error("No picture");
      return new File([await answer.blob()], download, { type: "image/png" });
    });
    picture.then(
      (file) => { one("hand-on").textContent = canShare(file) ? "Share" : "Save picture and copy link"; one("hand-on").hidden = false; },
      () => tell("The picture cannot be drawn right now. Try again in a minute."),
    );
  }

  // What depends on the choice is in the same page with other words in its address.
  async function choose() {
    const wanted = chosen = new URL(address);
    for (const [name, value] of new FormData(one("look"))) wanted.searchParams.set(name, value);
    one("look").setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(wanted);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (wanted !== chosen) return; // another choice was made meanwhile
      for (const id of ["preview", "save", "scalable", ...[...panel.querySelectorAll(".snippet input")].map((field) => field.id)]) {
        for (const { name, value } of fresh.getElementById(id).attributes) one(id).setAttribute(name, value);
      }
      tell("");
      load();
    } catch {
      if (wanted !== chosen) return;
      tell("This site does not answer right now. Try again in a minute.");
    }
    one("look").removeAttribute("aria-busy");
  }

  async function share() {
    const { url, text } = panel.dataset;
    await choosing;
    const file = await picture.catch(() => undefined);
    if (file && canShare(file)) {
      try {
        await navigator.share({ files: [file], text: `${text} ${url}` });
        return;
      } catch (error) {
        if (error.name === "AbortError") return; // the visitor thought better of it
      }
    }
    one("save").click();
    tell(await copy(url) ? "Picture saved, link copied." : "Picture saved.");
  }

  panel.addEventListener("click", async (event) => {
    const { id, dataset } = event.target;
    if (id === "hand-on") share();
    if (id === "copy-link") tell(await copy(panel.dataset.url) ? "Link copied." : `Copy this link: ${panel.dataset.url}`);
    if (event.target.matches("input[readonly]")) event.target.select();
    if (dataset.copies) {
      const field = one(dataset.copies);
      field.select();
      tell(await copy(field.value) ? `Copied: ${field.labels[0].textContent}.` : "Press Ctrl+C to copy what is selected.");
    }
  });
  one("look").addEventListener("change", () => { choosing = choose(); });
  one("look").addEventListener("submit", (event) => event.preventDefault());
  one("choose").hidden = true;
  for (const button of panel.querySelectorAll("#copy-link, [data-copies]")) button.hidden = false;
  load();
}

const canShare = (file) => Boolean(navigator.canShare?.({ files: [file] }));

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or no https
  }
}

const panel = document.getElementById("panel");
if (panel) start(panel, location.href);
