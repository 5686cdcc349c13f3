"""What a picture is: its SVG, and the same facts as a table for terminals and screen readers."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from rmqlab.views.markup import PAD, picture, shorten
from rmqlab.views.parts import notices


@dataclass(frozen=True, slots=True)
class Drawing:
    """One drawn picture.

    Attributes:
        title: one sentence that says what is seen.
        svg: the picture, complete in itself.
        head: the table's column names.
        rows: the table's cells, as many a row as `head` has.
        notes: what the table cannot say (gaps), one sentence each.
    """

    title: str
    svg: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The title and the table as plain text."""
        widths = [
            max(len(row[column]) for row in (self.head, *self.rows)) for column in range(len(self.head))
        ]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (self.head, *self.rows)
        ]
        return "\n".join([self.title, *(f"  {line}" for line in lines), *self.notes])

    @property
    def table(self) -> str:
        """The same as an HTML table."""
        head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in self.head)
        rows = "".join(
            f'<tr><th scope="row">{escape(row[0])}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
            + "</tr>"
            for row in self.rows
        )
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return (
            f"<table><caption>{escape(self.title)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{notes}"
        )


def failure(sentence: str) -> Drawing:
    """Return a picture of one sentence, in place of one that could not be drawn."""
    width, height = 864, 52
    svg = picture(width, height, sentence, notices(PAD + 2, 30, (shorten(sentence, 110),)))
    return Drawing(sentence, svg, ("",), ())


def count(number: int, noun: str, plural: str = "") -> str:
    """Return `1 queue`, `2 queues`, `12,345 queues`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
