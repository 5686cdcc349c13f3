function render({ model, el }) {
  el.classList.add("rmqlab-view", "rmqlab-replay");
  return player(el, JSON.parse(model.get("frames")));
}

export default { render };
