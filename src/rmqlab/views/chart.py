"""Lines over time: a round scale, a frame with its ticks, a path through points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rmqlab.views.markup import el, text

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_POINTS = 160
"""A path has at most so many points: a frame stays small however long the time is."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle on the paper, and what of time (seconds) and of numbers it shows."""

    x: float
    y: float
    width: float
    height: float
    first_s: float
    last_s: float
    low: float
    high: float

    def right(self, moment_s: float) -> float:
        """Return where a moment is."""
        return self.x + self.width * (moment_s - self.first_s) / (self.last_s - self.first_s)

    def up(self, number: float) -> float:
        """Return where a number is."""
        return self.y + self.height * (1 - (number - self.low) / (self.high - self.low))

    def draw(self, caption: str) -> str:
        """Draw the empty frame: ground, ticks, what it shows."""
        lines = []
        for number in (self.low, (self.low + self.high) / 2, self.high):
            at = round(self.up(number), 1)
            lines.append(
                el("path", d=f"M{self.x} {at}h{self.width}", class_="s-line none", stroke_width=0.8)
                + text(self.x - 8, at + 4, f"{number:,.0f}", "f-soft c e")
            )
        seconds = self.last_s - self.first_s
        ago = [
            (self.first_s, f"{seconds:.0f} s ago"),
            ((self.first_s + self.last_s) / 2, f"{seconds / 2:.0f} s"),
        ]
        ticks = [
            text(round(self.right(moment), 1), self.y + self.height + 15, word, "f-soft c mid")
            for moment, word in [*ago, (self.last_s, "now")]
        ]
        return (
            el("rect", x=self.x, y=self.y, width=self.width, height=self.height, class_="f-card")
            + "".join(lines)
            + "".join(ticks)
            + text(self.x, self.y - 8, caption, "f-soft c")
        )

    def line(self, runs: Sequence[Sequence[tuple[float, float]]]) -> str:
        """Return the path through runs of (moment, number) points, thinned out to what can be seen."""
        return "".join(f"M{self._through(run)}" for run in runs)

    def area(self, runs: Sequence[Sequence[tuple[float, float]]]) -> str:
        """Return the path around what lies between the points and the lowest number."""
        foot = f"{self.y + self.height:.1f}"
        return "".join(f"M{self.right(run[0][0]):.1f} {foot}L{self._through(run)}V{foot}Z" for run in runs)

    def _through(self, run: Sequence[tuple[float, float]]) -> str:
        return "L".join(f"{self.right(moment):.1f} {self.up(number):.1f}" for moment, number in thinned(run))


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave points out where there are too many; of each few, the highest and the last of all stay."""
    if len(points) <= MOST_POINTS:
        return [*points]
    step = -(-len(points) // (MOST_POINTS - 1))
    tops = [max(points[at : at + step], key=lambda point: point[1]) for at in range(0, len(points), step)]
    return [*tops[:-1], points[-1]]


def round_up(number: float) -> int:
    """Return the next 1, 2 or 5 with noughts behind it; at least 10."""
    power = 10
    while True:
        for digit in (1, 2, 5):
            if number <= digit * power:
                return digit * power
        power *= 10
