// Changes the page towards what was drawn, as little as possible.
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
