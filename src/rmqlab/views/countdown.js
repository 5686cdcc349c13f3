// Countdowns go on between frames: data-left is how many milliseconds were left when a frame was drawn.

// The words of views/countdown.py.
function timeLeft(ms) {
  const s = Math.ceil(ms / 1000);
  if (s <= 0) return "due";
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

// `drawn` is when the frame was, in milliseconds of performance.now().
function countDown(picture, drawn) {
  for (const each of picture.querySelectorAll("[data-left]"))
    each.textContent = timeLeft(Number(each.dataset.left) - (performance.now() - drawn));
}
