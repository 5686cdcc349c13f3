"""Commands about recordings."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (typer looks at it)
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def replay(
    name: Annotated[
        str | None, typer.Argument(help="A recording's name or file; without one, those that there are.")
    ] = None,
    *,
    html: Annotated[
        Path | None, typer.Option(help="Write a page that plays it, without any network.")
    ] = None,
    svg: Annotated[Path | None, typer.Option(help="Write its first picture as an image that moves.")] = None,
) -> None:
    """Say what a recording has, or make a page or an image of it."""
    from rmqlab.observe.recording import recordings_dir  # noqa: PLC0415
    from rmqlab.views import replay as open_recording  # noqa: PLC0415

    if name is None:
        there = sorted(path.stem for path in recordings_dir().glob("*.jsonl"))
        typer.echo("\n".join(there) or f"There are no recordings in {recordings_dir()}.")
        return
    shown = open_recording(name)
    if html is not None:
        typer.echo(f"Written: {shown.save_html(html)}")
    if svg is not None:
        typer.echo(f"Written: {shown.save_svg(svg)}")
    if html is None and svg is None:
        typer.echo(repr(shown))
