"""Colours and type of every picture: one style sheet, light and dark.

Pictures stand alone: the sheet lies inside each SVG. In JupyterLab and its relatives the page says whether
it is light or dark (`data-jp-theme-light`), VS Code by a class, elsewhere the reader's system does. Each
pair of `PAIRS` is at least `CONTRAST` to one in both palettes; a test computes it.
"""

from __future__ import annotations

CONTRAST = 4.5

LIGHT = {
    "paper": "#ffffff",
    "card": "#f6f8fa",
    "line": "#c9d1d9",
    "ink": "#1c2733",
    "soft": "#56626f",
    "up": "#0a6b41",
    "paused": "#8a5100",
    "down": "#b3261e",
    "accent": "#0b5fb3",
    "on": "#ffffff",
    "k0": "#1d5fbf",
    "k1": "#a84300",
    "k2": "#0a6b41",
    "k3": "#7436b3",
    "k4": "#00686f",
    "k5": "#b01f68",
    "k6": "#66600a",
    "k7": "#4a5866",
}
DARK = {
    "paper": "#111418",
    "card": "#1b2027",
    "line": "#3d4650",
    "ink": "#e8edf2",
    "soft": "#a3b0bd",
    "up": "#6fdca6",
    "paused": "#f5bd6b",
    "down": "#ff9d94",
    "accent": "#8ab8ff",
    "on": "#111418",
    "k0": "#8ab8ff",
    "k1": "#ffb074",
    "k2": "#6fdca6",
    "k3": "#cda6ff",
    "k4": "#6fd6df",
    "k5": "#ff9cc8",
    "k6": "#d9d36a",
    "k7": "#b6c2cf",
}
KEYS = tuple(name for name in LIGHT if name.startswith("k"))

# (what is read, what it lies on)
PAIRS = (
    *(
        (text, ground)
        for text in ("ink", "soft", "up", "paused", "down", "accent")
        for ground in ("paper", "card")
    ),
    *(("on", key) for key in KEYS),
    *((key, "paper") for key in KEYS),
)


def _variables(palette: dict[str, str]) -> str:
    return "".join(f"--q-{name}:{value};" for name, value in palette.items())


def _rules() -> str:
    fills = [*("paper", "card", "line", "ink", "soft", "up", "paused", "down", "accent", "on"), *KEYS]
    # The plain colour first: a renderer that knows no variables draws the light picture.
    painted = "".join(f".f-{n}{{fill:{LIGHT[n]};fill:var(--q-{n})}}" for n in fills)
    return painted + "".join(f".s-{n}{{stroke:{LIGHT[n]};stroke:var(--q-{n})}}" for n in fills)


STYLE = (
    f".rq{{{_variables(LIGHT)}"
    "font-family:var(--jp-ui-font-family,system-ui,-apple-system,'Segoe UI',Roboto,sans-serif);"
    "font-size:13px;font-variant-numeric:tabular-nums}"
    f"@media (prefers-color-scheme:dark){{.rq{{{_variables(DARK)}}}}}"
    f"[data-jp-theme-light=true] .rq,.vscode-light .rq{{{_variables(LIGHT)}}}"
    f"[data-jp-theme-light=false] .rq,.vscode-dark .rq,.vscode-high-contrast .rq{{{_variables(DARK)}}}"
    + _rules()
    + ".rq .t{font-size:15px;font-weight:600}.rq .b{font-weight:600}.rq .s{font-size:11.5px}"
    ".rq .c{font-size:11px;letter-spacing:.02em}"
    ".rq .m{font-family:var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace);font-size:12px}"
    ".rq .e{text-anchor:end}.rq .mid{text-anchor:middle}.rq .none{fill:none}"
    ".rq .move{transition:transform .35s ease}.rq .fade{transition:opacity .35s,fill .35s,stroke .35s}"
    ".rq .new{animation:rq-new .35s ease}@keyframes rq-new{from{opacity:0}}"
    ".rq [data-action]{cursor:pointer}.rq [data-action]:hover .hot{stroke-width:2.5}"
    ".rq [data-action]:focus{outline:none}"
    ".rq [data-action]:focus-visible .hot{stroke-width:3;stroke:var(--q-accent)}"
    "@media (prefers-reduced-motion:reduce){.rq .move,.rq .fade{transition:none}.rq .new{animation:none}}"
    "@media (forced-colors:active){.rq text{fill:CanvasText}}"
)

# What the system's own high contrast is made of. Keys are told apart by their letters.
_FORCED = dict.fromkeys(LIGHT, "CanvasText") | {
    "paper": "Canvas",
    "card": "Canvas",
    "on": "Canvas",
    "line": "GrayText",
    "accent": "LinkText",
}
FORCED_COLOURS = (
    "@media (forced-colors:active){"
    f".rmqlab-view svg.rq.rq.rq{{{_variables(_FORCED)}}}"
    ".rmqlab-view svg.rq text{forced-color-adjust:none}"
    + "".join(f".rmqlab-view svg.rq .f-{name}{{fill:var(--q-{name})}}" for name in LIGHT)
    + "}"
)
"""For live pictures, whose page forces its colours upon texts and not upon the shapes beneath them."""
