// The browser's half of every live picture: it morphs the page towards the SVG that the kernel drew, and sends
// clicks back.
const SILENT_MS = 12000; // two looks without an answer

function render({ model, el }) {
  el.classList.add("rmqlab-view");
  const away = el.appendChild(document.createElement("div"));
  away.className = "rmqlab-away";
  away.setAttribute("role", "status");
  away.hidden = true;
  away.textContent = "Not live: the kernel is busy or gone. If it is gone, run the cell again.";
  const picture = el.appendChild(document.createElement("div"));
  const details = el.appendChild(document.createElement("details"));
  details.appendChild(document.createElement("summary")).textContent = "The same as a table";
  const table = details.appendChild(document.createElement("div"));

  let drawn = 0;
  const draw = () => {
    drawn = performance.now();
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
  // The kernel polls the cluster only while somebody looks. It answers; who does not is busy, or gone.
  let asked = 0;
  const look = () => {
    if (document.hidden || !el.isConnected) return;
    asked ||= performance.now();
    model.send({ action: "look", target: "" });
  };
  const hear = () => { asked = 0; tell(); };
  const tell = () => {
    const silent = asked && !document.hidden && performance.now() - asked > SILENT_MS;
    el.classList.toggle("rmqlab-stale", Boolean(silent));
    away.hidden = !silent;
  };

  model.on("change:svg", draw);
  model.on("change:svg", hear);
  model.on("msg:custom", hear);
  model.on("change:table", write);
  details.addEventListener("toggle", write);
  picture.addEventListener("click", act);
  picture.addEventListener("keydown", act);
  document.addEventListener("visibilitychange", look);
  const beat = setInterval(look, 5000);
  const clock = setInterval(() => { tell(); if (away.hidden) countDown(picture, drawn); }, 250);
  draw();
  setTimeout(look, 0);
  return () => {
    clearInterval(beat);
    clearInterval(clock);
    document.removeEventListener("visibilitychange", look);
    model.off("change:svg", draw);
    model.off("change:svg", hear);
    model.off("msg:custom", hear);
    model.off("change:table", write);
  };
}

export default { render };
