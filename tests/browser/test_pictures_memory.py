"""The busiest picture leaves nothing in the page, however many frames it is drawn in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "unit"))

from views_crowds import crowded_topic
from views_hand_made import snapshot

from rmqlab.views import KINDS
from rmqlab.views.looker import Looker
from rmqlab.views.scripts import script

SECONDS = int(os.environ.get("RMQLAB_PAGE_SOAK_S", "0"))
"""For so many seconds five frames a second are drawn; by default three hundred, one after the other."""
THIRD = max(100, SECONDS * 5 // 3)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180 + 2 * SECONDS)]

# Enough of what Jupyter hands to a widget.
START = """frames => {
  const listeners = {};
  const model = {
    at: 0, get: name => frames[model.at][name], send() {}, off() {},
    on: (name, hear) => (listeners[name] ||= []).push(hear),
  };
  window.show = at => { model.at = at; for (const hear of listeners["change:svg"]) hear(); };
  window.widget.render({model, el: document.body.appendChild(document.createElement("div"))});
}"""
PUSH = """async ([count, pause]) => {
  for (let n = 0; n < count; n += 1) {
    window.show(n % 20);
    await new Promise(done => pause ? setTimeout(done, pause) : requestAnimationFrame(done));
  }
}"""


def frame(number):
    topic = crowded_topic(16, 23, produced=10_000 + 7 * number, done=9_990 + 7 * number)
    drawing = KINDS["queues"].draw(snapshot(topic), {"topic": topic.name}, Looker(live=True))
    return {"svg": drawing.svg, "table": drawing.table}


def test_hundreds_of_frames_leave_the_page_as_large_as_it_was(page, capsys):
    code = script("morph", "countdown", "widget").replace("export default", "window.widget =")
    page.set_content(f'<body><script type="module">{code}</script></body>')
    page.wait_for_function("window.widget")
    page.evaluate(START, [frame(number) for number in range(20)])
    cdp = page.context.new_cdp_session(page)

    def size():
        page.wait_for_timeout(1000)  # animations that hold what was removed come to their end
        for _ in range(3):
            cdp.send("HeapProfiler.collectGarbage")
        heap = cdp.send("Runtime.getHeapUsage")["usedSize"]
        return heap, cdp.send("Memory.getDOMCounters")["nodes"]

    sizes = []
    for _ in range(3):
        page.evaluate(PUSH, [THIRD, 200 if SECONDS else 0])
        sizes.append(size())
    with capsys.disabled():
        if SECONDS:
            print(f"\n{3 * THIRD} frames; heap in bytes and nodes after each third: {sizes}")  # noqa: T201
    (first_heap, first_nodes), _, (last_heap, last_nodes) = sizes
    assert last_heap - first_heap < 400_000, sizes
    assert last_nodes - first_nodes < 100, sizes
