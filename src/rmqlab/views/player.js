// The browser's half of a replay: all frames are here, drawn by Python; this shows one after the other.
// It needs nobody: no kernel, no network.

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];
const LONGEST_MS = 2000; // a quiet time is shown no longer than this

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// A text is [as the last one begins, as it ends, what is between]: numbers of tokens.
function unfold(changes) {
  const texts = [];
  for (const [head, tail, between] of changes) {
    const last = texts.at(-1) ?? [];
    texts.push([...last.slice(0, head), ...between, ...last.slice(last.length - tail)]);
  }
  return texts;
}

function player(el, data) {
  const frames = data.frames;
  const text = (tokens) => tokens.map((token) => data.tokens[token]).join("");
  const seconds = (frame) => ((frame.at - frames[0].at) / 1000).toFixed(1);
  let at = 0;
  let speed = 1;
  let timer = null;

  const shown = data.views.map(({ svg, table }) => {
    const picture = make("div");
    const written = make("div");
    const details = make("details", {}, make("summary", {}, "The same as a table"), written);
    el.append(picture, details);
    return { picture, written, details, svg: unfold(svg), table: unfold(table) };
  });
  const button = (label, hint, action) => {
    const each = make("button", { type: "button", title: hint, "aria-label": hint }, label);
    each.addEventListener("click", action);
    return each;
  };
  const toggle = button("▶ Play", "Play (space)", () => (timer === null ? play() : pause()));
  const slider = make("input", {
    type: "range", min: 0, max: frames.length - 1, value: 0, step: 1, "aria-label": "Frame",
  });
  const pace = make("select", { "aria-label": "Speed", title: "Speed (+ and −)" });
  for (const each of SPEEDS) pace.append(make("option", { value: each }, `${each} ×`));
  const place = make("output", { class: "rmqlab-place" });
  const note = make("p", { class: "rmqlab-note", "aria-live": "polite" });
  const said = make("ul", { class: "rmqlab-said", "aria-live": "polite" });
  const bar = make(
    "div", { class: "rmqlab-bar", role: "group", "aria-label": "Replay" },
    button("|◀", "To the beginning (Home)", () => seek(0)),
    button("◀", "One step back (←)", () => seek(at - 1)),
    toggle,
    button("▶|", "One step on (→)", () => seek(at + 1)),
    slider, pace, place,
  );
  const list = make("ol", { class: "rmqlab-events" });
  frames.forEach((frame, number) => {
    for (const [kind, words] of frame.events) {
      const jump = button(`${seconds(frame)} s`, `Show ${seconds(frame)} s`, () => seek(number));
      list.append(make("li", { "data-kind": kind, "data-frame": number }, jump, ` ${words}`));
    }
  });
  const everything = make(
    "details", {}, make("summary", {}, `What happened (${list.childElementCount})`), list,
  );
  el.prepend(bar, note, said);
  el.append(everything);

  function show() {
    const frame = frames[at];
    for (const { picture, written, details, svg, table } of shown) {
      const drawn = text(svg[at]).replace(">", () => `><style>${data.style}</style>`);
      const next = new DOMParser().parseFromString(drawn, "image/svg+xml").documentElement;
      if (picture.firstChild) morph(picture.firstChild, next);
      else picture.append(document.importNode(next, true));
      if (details.open) written.innerHTML = text(table[at]);
    }
    slider.value = at;
    slider.setAttribute("aria-valuetext", `${seconds(frame)} seconds`);
    place.value = `${at + 1} / ${frames.length} · ${seconds(frame)} s`;
    note.textContent = frame.note;
    const news = frame.events.filter(([kind]) => kind !== "note" && kind !== "cell");
    said.replaceChildren(...news.map(([kind, words]) => make("li", { "data-kind": kind }, words)));
    for (const each of list.children) each.classList.toggle("rmqlab-now", Number(each.dataset.frame) === at);
    toggle.textContent = timer === null ? "▶ Play" : "‖ Pause";
  }
  function goto(number) {
    at = Math.max(0, Math.min(frames.length - 1, number));
    show();
  }
  function seek(number) {
    pause();
    goto(number);
  }
  function pause() {
    clearTimeout(timer);
    timer = null;
    show();
  }
  function play() {
    if (at === frames.length - 1) at = 0;
    advance();
    show();
  }
  function advance() {
    const wait = Math.min(LONGEST_MS, frames[at + 1] ? frames[at + 1].at - frames[at].at : 0) / speed;
    timer = setTimeout(() => {
      if (!el.isConnected || at >= frames.length - 1) return pause();
      at += 1;
      if (at < frames.length - 1) advance(); else timer = null;
      show();
    }, wait);
  }
  function hurry(by) {
    const next = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(speed) + by))];
    speed = next;
    pace.value = next;
  }

  const keys = {
    " ": () => toggle.click(),
    ArrowLeft: () => seek(at - 1),
    ArrowRight: () => seek(at + 1),
    Home: () => seek(0),
    End: () => seek(frames.length - 1),
    "+": () => hurry(1),
    "-": () => hurry(-1),
  };
  slider.addEventListener("input", () => seek(slider.valueAsNumber));
  pace.addEventListener("change", () => { speed = Number(pace.value); });
  bar.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    const own = event.target === pace || (event.key === " " && event.target.tagName === "BUTTON");
    if (!act || own || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    act();
  });
  for (const { details, written, table } of shown)
    details.addEventListener("toggle", () => { if (details.open) written.innerHTML = text(table[at]); });
  bar.tabIndex = 0;
  bar.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab's own keys
  pace.value = speed;
  show();
  return () => clearTimeout(timer);
}
