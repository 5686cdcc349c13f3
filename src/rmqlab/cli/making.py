"""Commands for those who make the course and the package."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (typer looks at it)
from typing import Annotated

import typer

from rmqlab.cli.consoles import out

app = typer.Typer()
bench_app = typer.Typer(help="Measure this machine against the budgets, side by side.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")

Labs = Annotated[list[str] | None, typer.Argument(help="Labs by number, such as 01. All by default.")]


@app.command()
def lock(
    version: Annotated[
        str | None, typer.Argument(help="The version to pin; the present one by default.")
    ] = None,
    *,
    group: Annotated[str, typer.Option(help="Which jars: a lock file's name.")] = "rocketmq",
) -> None:
    """For maintainers: make the lists of a broker's jars (with Maven), classes and properties anew."""
    from rmqlab.class_list import record_classes, record_properties  # noqa: PLC0415
    from rmqlab.runtime import ROCKETMQ  # noqa: PLC0415
    from rmqlab.runtime.relock import relock  # noqa: PLC0415

    typer.echo(f"Written: {relock(group, version)}")
    if group == ROCKETMQ.name:
        typer.echo(f"Written: {record_classes()}")
        typer.echo(f"Written: {record_properties()}")


@app.command()
def build(
    labs: Labs = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Only find drift.")] = False,
    execute: Annotated[bool, typer.Option(help="Execute the solutions.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Execute even what did not change.")] = False,
) -> None:
    """Make labs/ and solutions/ from course/."""
    from rmqlab.authoring import build as build_labs  # noqa: PLC0415
    from rmqlab.quality import repository  # noqa: PLC0415

    build_labs(repository(), only=labs, check=check, execute=execute, fresh=fresh, report=typer.echo)


@app.command()
def check(labs: Labs = None) -> int:
    """Validate the notebooks: solutions pass, labs run unsolved, wrong answers get their feedback."""
    from rmqlab.authoring import validate  # noqa: PLC0415
    from rmqlab.quality import LANES, repository  # noqa: PLC0415

    return validate(repository(), only=labs, pytest_arguments=(*LANES, *(["--wrong-apart"] if labs else [])))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> int:
    """Run everything that CI runs; more arguments go to pytest."""
    from rmqlab.quality import run_all  # noqa: PLC0415

    return run_all(context.args)


@app.command()
def env() -> int:
    """Bring this environment in line with pyproject.toml."""
    from rmqlab.quality import refresh_environment  # noqa: PLC0415

    return refresh_environment()


@app.command()
def soak(
    cycles: Annotated[int, typer.Option("-n", help="How many clusters.")] = 200,
    at_once: Annotated[int, typer.Option(help="How many at a time.")] = 2,
    seed: Annotated[int, typer.Option(help="Which end comes when.")] = 1,
    backend: Annotated[str | None, typer.Option(help="process or docker.")] = None,
) -> int:
    """Start, use and end clusters in every way, and count what is left behind."""
    from rmqlab.soak import run  # noqa: PLC0415

    return run(cycles, at_once, seed, out, backend)


@bench_app.command("start")
def bench_start(runs: Annotated[int, typer.Option("-n", help="Runs of each way.")] = 5) -> int:
    """Time start_lab to the first SEND_OK beside the bare broker's boot and the documented way."""
    from rmqlab.bench.start import run  # noqa: PLC0415

    return run(runs, out)


@bench_app.command("client")
def bench_client(
    rounds: Annotated[int, typer.Option("-n", help="Rounds of each way.")] = 5,
    plot: Annotated[Path | None, typer.Option(help="Where to write the picture (SVG).")] = None,
) -> int:
    """Compare our client and the gRPC client with the Java client driven directly: rates and waits."""
    from rmqlab.bench.client import run  # noqa: PLC0415

    return run(rounds, out, plot)


@bench_app.command("grpc")
def bench_grpc(rounds: Annotated[int, typer.Option("-n", help="Rounds of each way.")] = 5) -> int:
    """Compare the gRPC client's sends through a proxy with the classic client's."""
    from rmqlab.bench.grpc import run  # noqa: PLC0415

    return run(rounds, out)


@bench_app.command("labs")
def bench_labs(labs: Labs = None) -> int:
    """Time each lab from top to bottom, and the check of it."""
    from rmqlab.bench.labs import run  # noqa: PLC0415
    from rmqlab.quality import repository  # noqa: PLC0415

    return run(repository(), labs or (), out)


@bench_app.command("ledger")
def bench_ledger() -> int:
    """Compare sends that are reported to the ledger with plain ones; time the reconciling of 100,000."""
    from rmqlab.bench.ledger import run  # noqa: PLC0415

    return run(out)


@bench_app.command("observe")
def bench_observe(rounds: Annotated[int, typer.Option("-n", help="Rounds with and without.")] = 5) -> int:
    """Measure what looking costs: a snapshot, the feed, a frame, and sends beside it."""
    from rmqlab.bench.observe import run  # noqa: PLC0415

    return run(rounds, out)


@bench_app.command("topologies")
def bench_topologies(
    names: Annotated[list[str] | None, typer.Argument(help="Which; all by default.")] = None,
    runs: Annotated[int, typer.Option("-n", help="Runs of each.")] = 3,
    backend: Annotated[str | None, typer.Option(help="process or docker.")] = None,
) -> int:
    """Time each topology until it can be used, beside bare JVMs; read its memory and idle CPU."""
    from rmqlab.bench.topologies import run  # noqa: PLC0415

    return run(runs, names or (), backend, out)
