"""Every drawing, compared with the one that was last looked at and found good.

After a change that is meant: `RMQLAB_GOLDEN=write pytest tests/unit/test_views_golden.py`. Then look at the
files of tests/unit/golden/pictures in a browser before they are committed.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from views_hand_made import GALLERY, draw

from rmqlab.views.looker import STILL, Looker

pytestmark = pytest.mark.unit
GOLDEN = Path(__file__).parent / "golden" / "pictures"
WRITE = os.environ.get("RMQLAB_GOLDEN") == "write"
MANNERS = {"live": Looker(live=True, selected="broker-a/0/1"), "still": STILL}


def golden(name, manner):
    return GOLDEN / f"{name.replace(' ', '-')}.{manner}.svg"


@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("name", GALLERY)
def test_it_is_drawn_as_it_was(name, manner, monkeypatch):
    monkeypatch.setattr("rmqlab.views.message_dot.time.localtime", time.gmtime)
    drawing = draw(name, MANNERS[manner])
    # An element a line: a change shows where it is.
    written = drawing.svg.replace("><", ">\n<") + f"\n<!--\n{drawing.text}\n-->\n"
    if WRITE:
        GOLDEN.mkdir(parents=True, exist_ok=True)
        golden(name, manner).write_text(written, encoding="utf-8")
    assert golden(name, manner).read_text(encoding="utf-8") == written


def test_no_golden_drawing_is_left_without_its_test():
    assert {path.name for path in GOLDEN.iterdir()} == {
        golden(name, manner).name for name in GALLERY for manner in MANNERS
    }
