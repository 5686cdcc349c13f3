"""The command that breaks clusters on purpose."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (typer looks at it)
from typing import Annotated

import typer

from rmqlab.cli.consoles import out

app = typer.Typer()


@app.command()
def chaos(  # noqa: PLR0913  (each is one choice of the caller)
    recipes: Annotated[
        list[str] | None, typer.Argument(help="Recipes, such as full, or all.", metavar="RECIPE...")
    ] = None,
    *,
    faults: Annotated[str, typer.Option(help="Which, separated by commas; all by default.")] = "",
    runs: Annotated[int, typer.Option(help="Runs of each fault.", min=1)] = 1,
    seed: Annotated[int, typer.Option(help="When a fault comes, and what it hits.")] = 1,
    backend: Annotated[str | None, typer.Option(help="process or docker.")] = None,
    out_file: Annotated[
        Path | None, typer.Option("--out", help="Add each run to this file; what it has is not run again.")
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Only report on this file of runs: .md and .html beside it."),
    ] = None,
) -> int:
    """Break clusters while messages flow, and count what was acknowledged and is lost."""
    from rmqlab.chaos.session import explain, report_on, run  # noqa: PLC0415

    if report is not None:
        return report_on(report, out)
    if not recipes:
        explain(out)
        return 0
    wanted = [name.strip() for name in faults.split(",") if name.strip()]
    return run(recipes, wanted, runs=runs, seed=seed, backend=backend, file=out_file, console=out)
