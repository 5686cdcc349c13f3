"""Commands about containers: images and compose files."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (typer looks at it)
from typing import Annotated

import typer

from rmqlab.cli.consoles import err

app = typer.Typer()


@app.command()
def pull() -> None:
    """Fetch the image that clusters on containers run on (RMQLAB_IMAGE names another)."""
    from rmqlab.backends.docker_engine import image_for  # noqa: PLC0415
    from rmqlab.image import pull_image  # noqa: PLC0415

    with err.status(f"Pulling {image_for()}"):
        typer.echo(pull_image())


@app.command()
def image(
    base: Annotated[str | None, typer.Option(help="The image that it stands on; Debian by default.")] = None,
    release: Annotated[str, typer.Option(help="The jars, by the name of their lock file.")] = "rocketmq",
) -> None:
    """Build an image of our own from infra/Dockerfile; print its name, for RMQLAB_IMAGE."""
    from rmqlab.image import BASE, build_image  # noqa: PLC0415

    with err.status("Building"):
        name = build_image(base=base or BASE, release=release)
    typer.echo(name)


@app.command()
def compose(
    topology: Annotated[str | None, typer.Argument(help="Its shape; all by default.")] = None,
    into: Annotated[
        Path | None, typer.Option(help="The folder to write to; infra/compose by default.")
    ] = None,
) -> None:
    """Write compose files, one folder a topology."""
    from rmqlab.compose import write_compose_files  # noqa: PLC0415
    from rmqlab.workspace import repository  # noqa: PLC0415

    for folder in write_compose_files(into or repository() / "infra" / "compose", topology):
        typer.echo(folder)
