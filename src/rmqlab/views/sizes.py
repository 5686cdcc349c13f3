"""Numbers of bytes in words: exact, rounded by the broker, or as a still keeps them."""

from __future__ import annotations

_UNIT = 1024


def amount(size: int, within: int = 0) -> str:
    """Return `812 B`, `1.4 KiB`, `23 MiB`; `about` before it where the number is not exact."""
    number, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if number < _UNIT:
            break
        number, unit = number / _UNIT, larger
    digits = 1 if unit != "B" and number < 10 else 0  # noqa: PLR2004 - two digits say enough
    return f"{'about ' if within and size else ''}{number:,.{digits}f} {unit}"


def order_of(size: int) -> str:
    """Return a still's distance, of which it keeps the order of magnitude: `1 to 10 KiB`."""
    if size < _UNIT:
        return "under 1 KiB"
    least = size // _UNIT
    return f"{least:,} to {least * 10:,} KiB"
