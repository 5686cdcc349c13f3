"""The picture of `rmqlab bench client`: every way and side, numbers beside colours, well-formed."""

from xml.etree import ElementTree as ET

import pytest

from rmqlab.bench.bars import draw
from rmqlab.bench.ways import Found, Measured

pytestmark = pytest.mark.unit

JAVA, OURS, GRPC = "Java by JPype", "rmqlab.client", "gRPC client"
FOUND = [
    Found(
        "sync",
        100,
        Measured(JAVA, 2000, 0.5, 4.0),
        (Measured(OURS, 1900, 0.52, 5, 0.95), Measured(GRPC, 500, 2, 9, 0.25)),
    ),
    Found("oneway", 4096, Measured(JAVA, 40_000, 0.01, 0.3), (Measured(OURS, 90_000, 0.01, 0.2, 2.25),)),
    Found("consume", 100, Measured(JAVA, 12_000, None, None), (Measured(OURS, 13_000, None, None, 1.08),)),
]


def words(svg):
    return ["".join(each.itertext()) for each in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_every_way_is_there_with_its_share_and_rate():
    seen = words(draw(FOUND))
    assert {"sync", "oneway", "consume", "4,096 B"} <= set(seen)
    assert {"0.95 · 1,900/s", "0.25 · 500/s", "2.25 · 90,000/s"} <= set(seen)


def test_a_bar_ends_within_the_picture_however_large_the_share():
    root = ET.fromstring(draw(FOUND))
    width = float(root.get("width"))
    bars = [each for each in root.iter("{http://www.w3.org/2000/svg}rect") if each.get("rx") == "2"]
    assert len(bars) == 4
    assert all(float(bar.get("x")) + float(bar.get("width")) < width / 2 for bar in bars)


def test_who_cannot_see_it_is_told_the_shares():
    description = ET.fromstring(draw(FOUND)).find("{http://www.w3.org/2000/svg}desc").text
    assert "sync 100 B: rmqlab.client 0.95 of Java by JPype, gRPC client 0.25 of Java by JPype" in description
