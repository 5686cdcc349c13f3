"""The browser's part of the views: files beside this one, joined into one text without imports."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent

# The controls of a replay, in a notebook's theme or in a page of its own.
BAR_CSS = """
.rmqlab-replay{--bar-line:var(--jp-border-color1,var(--q-line,#c9d1d9));
 --bar-ink:var(--jp-ui-font-color1,var(--q-ink,#1c2733));--bar-hot:var(--jp-brand-color1,var(--q-accent,#0b5fb3));
 color:var(--bar-ink);font-size:13px}
.rmqlab-bar{display:flex;flex-wrap:wrap;gap:6px;align-items:center;padding:6px;border-radius:6px}
.rmqlab-bar input{flex:1 1 160px;min-width:120px;accent-color:var(--bar-hot)}
.rmqlab-replay button,.rmqlab-replay select{font:inherit;color:var(--bar-ink);background:transparent;
 border:1px solid var(--bar-line);border-radius:12px;padding:2px 10px;cursor:pointer}
.rmqlab-replay select option{color:#1c2733;background:#fff}
.rmqlab-replay :focus-visible{outline:2px solid var(--bar-hot);outline-offset:1px}
.rmqlab-place{font-variant-numeric:tabular-nums;min-width:11em;text-align:right}
.rmqlab-note{font-weight:600;margin:4px 6px;min-height:1.4em}
.rmqlab-said{margin:2px 0 6px;min-height:2.8em}
.rmqlab-events{list-style:none;padding-left:6px;max-height:20em;overflow:auto}
.rmqlab-events button{min-width:5.5em;font-variant-numeric:tabular-nums}
.rmqlab-events .rmqlab-now{font-weight:600}
"""


def script(*names: str) -> str:
    """Return the scripts of those names, one after the other."""
    return "\n".join((_HERE / f"{name}.js").read_text(encoding="utf-8") for name in names)
