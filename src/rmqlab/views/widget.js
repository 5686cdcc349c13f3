// The browser's half of every picture: it morphs the page towards the SVG that the kernel drew, and sends clicks back.
// Elements with a data-id keep their identity from frame to frame, so that CSS transitions move them.

const same = (a, b) => a.nodeName === b.nodeName && id(a) === id(b);
const id = (node) => (node.getAttribute && node.getAttribute("data-id")) || null;

function morph(from, to) {
  if (from.isEqualNode(to)) return;
  if (from.nodeType !== 1) { from.nodeValue = to.nodeValue; return; }
  for (const { name } of [...from.attributes]) if (!to.hasAttribute(name)) from.removeAttribute(name);
  for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  const wanted = new Set([...to.childNodes].map(id).filter(Boolean));
  for (const child of [...from.childNodes]) if (id(child) && !wanted.has(id(child))) child.remove();
  const known = new Map([...from.childNodes].filter(id).map((child) => [id(child), child]));
  let place = from.firstChild;
  for (const next of [...to.childNodes]) {
    const old = id(next) ? known.get(id(next)) : place && same(place, next) ? place : null;
    if (old && same(old, next)) {
      if (old !== place) from.insertBefore(old, place); else place = place.nextSibling;
      morph(old, next);
    } else {
      from.insertBefore(document.importNode(next, true), place);
    }
  }
  while (place) { const rest = place.nextSibling; place.remove(); place = rest; }
}

function render({ model, el }) {
  el.classList.add("rmqlab-view");
  const picture = el.appendChild(document.createElement("div"));
  const details = el.appendChild(document.createElement("details"));
  details.appendChild(document.createElement("summary")).textContent = "The same as a table";
  const table = details.appendChild(document.createElement("div"));

  const draw = () => {
    const next = new DOMParser().parseFromString(model.get("svg"), "image/svg+xml").documentElement;
    if (picture.firstChild) morph(picture.firstChild, next);
    else picture.appendChild(document.importNode(next, true));
  };
  const write = () => { if (details.open) table.innerHTML = model.get("table"); };
  const act = (event) => {
    const button = event.target.closest("[data-action]");
    if (!button || (event.type === "keydown" && event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    model.send({ action: button.dataset.action, target: button.dataset.target });
  };
  // The kernel polls the cluster only while somebody looks.
  const look = () => { if (!document.hidden && el.isConnected) model.send({ action: "look", target: "" }); };

  model.on("change:svg", draw);
  model.on("change:table", write);
  details.addEventListener("toggle", write);
  picture.addEventListener("click", act);
  picture.addEventListener("keydown", act);
  document.addEventListener("visibilitychange", look);
  const beat = setInterval(look, 5000);
  draw();
  setTimeout(look, 0);
  return () => {
    clearInterval(beat);
    document.removeEventListener("visibilitychange", look);
    model.off("change:svg", draw);
    model.off("change:table", write);
  };
}

export default { render };
