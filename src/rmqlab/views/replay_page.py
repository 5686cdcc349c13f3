"""A replay as one HTML file: its own frames, script and style, and nothing from anywhere else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from rmqlab.views.frames import as_json
from rmqlab.views.ink import FORCED_COLOURS, STYLE
from rmqlab.views.scripts import BAR_CSS, script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rmqlab.observe import Recording
    from rmqlab.views.frames import Frame

# The browser is told to fetch nothing, whatever the frames hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_PAGE_CSS = """
:root{color-scheme:light dark}
body{margin:0;background:var(--q-paper);color:var(--q-ink)}
main{max-width:880px;margin:0 auto;padding:16px}
h1{font-size:18px;margin:0 0 8px}
details{font-size:12px;margin:2px 0 6px 4px}
summary{cursor:pointer}
table{border-collapse:collapse;margin:4px 0}
caption{text-align:left}
th,td{padding:2px 10px;text-align:left;border-bottom:1px solid var(--q-line)}
footer{color:var(--q-soft);font-size:11.5px;margin-top:12px}
"""


def page(drawn: Sequence[Frame], recording: Recording) -> str:
    """Return the page.

    Without scripts it shows the last frame, as a picture and as a table.
    """
    title = f"Recording: {recording.name}"
    # In a script, `<` could end it.
    data = as_json(drawn, recording).replace("<", "\\u003c")
    last = "".join(f"{each.svg}{each.table}" for each in drawn[-1].drawings)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}{FORCED_COLOURS}{_PAGE_CSS}{BAR_CSS}</style>
<body class="rq">
<main>
<h1>{escape(title)}</h1>
<div id="replay" class="rmqlab-replay rmqlab-view"></div>
<noscript>{last}</noscript>
<footer>Recorded with RocketMQ Lab on a running RocketMQ. Space plays, ← and → step, + and - change the speed.
Quiet times are shown no longer than 2 s.</footer>
</main>
<script id="frames" type="application/json">{data}</script>
<script>
"use strict";
{script("morph", "player")}
player(document.getElementById("replay"), JSON.parse(document.getElementById("frames").textContent));
</script>
</body>
</html>
"""
