"""The command line. Thin: every command is one call into the package, and errors are one sentence."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rmqlab.errors import NoSuchClusterError, RmqLabError

app = typer.Typer(
    name="rmqlab",
    help="RocketMQ Lab: a course on a real Apache RocketMQ.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
bench_app = typer.Typer(help="Measure this machine against the budgets, side by side.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")

_out = Console(soft_wrap=True)
_err = Console(stderr=True, soft_wrap=True)

Labs = Annotated[list[str] | None, typer.Argument(help="Labs by number, such as 01. All by default.")]


@app.command()
def lab(
    which: Annotated[str, typer.Argument(help="The lab to open, such as 01.")] = "00",
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Replace your copy of this lab by a new one.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
    port: Annotated[int | None, typer.Option(help="JupyterLab's port.")] = None,
) -> int:
    """Open JupyterLab on a lab; fetch the broker's files first, once."""
    from rmqlab.jupyter import open_lab  # noqa: PLC0415

    return open_lab(which, fresh=fresh, browser=browser, port=port)


@app.command()
def up(
    topology: Annotated[str, typer.Argument(help="The cluster's shape.")] = "single",
    *,
    name: Annotated[str | None, typer.Option(help="Its name; the shape's by default.")] = None,
    namesrv_port: Annotated[
        int | None, typer.Option(help="The NameServer's port; a free one by default.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete the messages of the last time first.")
    ] = False,
) -> None:
    """Start a cluster that stays until `rmqlab down`; print its NameServer's address."""
    from rmqlab.cluster import start_cluster  # noqa: PLC0415

    begun = time.monotonic()
    cluster = start_cluster(topology, name=name, namesrv_port=namesrv_port, fresh=fresh)
    _err.print(f"{cluster.name} is ready after {time.monotonic() - begun:.1f} s. Its NameServer:")
    typer.echo(cluster.namesrv)


@app.command()
def down(
    name: Annotated[str | None, typer.Argument(help="The cluster's name.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every cluster of yours.")] = False,
) -> None:
    """End a cluster: a lab's at once, one of `rmqlab up` in order, with its messages kept."""
    from rmqlab.cluster import end_if, list_clusters  # noqa: PLC0415

    names = [record.name for record in list_clusters()]
    if name is None and not everything and len(names) != 1:
        raise NoSuchClusterError(f"Which one? Running: {', '.join(names) or 'none'}. Name it, or say --all.")
    if name is not None and name not in names:
        raise NoSuchClusterError(f"No cluster called {name} runs. Running now: {', '.join(names) or 'none'}.")
    for each in [name] if name else names:
        with _err.status(f"Stopping {each}"):
            end_if(each, lambda _record: True)
        typer.echo(f"{each} is down.")


@app.command()
def ps() -> None:
    """List the clusters and how their nodes are."""
    from rmqlab.cluster import Cluster, list_clusters  # noqa: PLC0415
    from rmqlab.records import lease_left_s  # noqa: PLC0415

    table = Table("Cluster", "Shape", "NameServer", "Nodes", "Ends", box=None)
    for record in list_clusters():
        nodes = ", ".join(f"{n.name} {n.state}" for n in Cluster(record).nodes.values())
        left = lease_left_s(record)
        ends = "when you say `down`" if left is None else f"{max(0, left) / 60:.0f} min after its last use"
        table.add_row(record.name, record.topology, record.namesrv, nodes, ends)
    if table.row_count:
        _out.print(table)
    else:
        typer.echo("No cluster runs. `rmqlab up` starts one.")


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="The cluster's name.")],
    node: Annotated[str | None, typer.Argument(help="One of its nodes; all by default.")] = None,
    lines: Annotated[int, typer.Option("-n", help="How many lines of each log.")] = 20,
) -> None:
    """Print the end of the nodes' logs."""
    from rmqlab.cluster import Cluster, find_record  # noqa: PLC0415

    nodes = Cluster(find_record(name)).nodes
    if node is not None and node not in nodes:
        raise NoSuchClusterError(f"{name} has no node called {node!r}. It has: {', '.join(nodes)}.")
    for each in [nodes[node]] if node else nodes.values():
        typer.echo(f"--- {each.name} ({each.state})")
        typer.echo(each.log_tail(lines))


@app.command()
def doctor() -> int:
    """Say whether this machine is ready for the labs, and what to do where it is not."""
    from rmqlab.doctor import examine  # noqa: PLC0415

    findings = examine()
    for finding in findings:
        mark = "[green]ok[/]" if finding.is_good else "[red]to do[/]"
        _out.print(f"{mark:>14}  {finding.about}: {finding.seen}", highlight=False)
        if not finding.is_good and finding.remedy:
            _out.print(f"       {finding.remedy}", highlight=False)
    return 0 if all(finding.is_good for finding in findings) else 1


@app.command()
def fetch() -> None:
    """Fetch the broker's files now, so that the labs work offline."""
    from rmqlab.runtime import ROCKETMQ, ensure_archive, ensure_jars, find_java  # noqa: PLC0415

    java = find_java()
    count = len(ensure_jars())
    ensure_archive()
    typer.echo(
        f"RocketMQ {ROCKETMQ.version}: {count} jars, verified. Java {java.version} from {java.source}."
    )


@app.command()
def lock(
    version: Annotated[
        str | None, typer.Argument(help="The version to pin; the present one by default.")
    ] = None,
) -> None:
    """For maintainers: make the lists of the broker's jars (with Maven) and classes anew."""
    from rmqlab.class_list import record_classes  # noqa: PLC0415
    from rmqlab.runtime.relock import relock  # noqa: PLC0415

    typer.echo(f"Written: {relock(version=version)}")
    typer.echo(f"Written: {record_classes()}")


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
    from rmqlab.quality import repository  # noqa: PLC0415

    return validate(repository(), only=labs)


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
def progress() -> None:
    """Show which exercises you have passed."""
    from rmqlab.checks.scoreboard import progress_table  # noqa: PLC0415

    _out.print(progress_table())


@app.command()
def reset(
    target: Annotated[str, typer.Argument(help="An exercise such as 01.3, or a lab such as 01.")],
) -> None:
    """Forget your progress in an exercise or a lab."""
    from rmqlab.checks.scoreboard import reset as forget  # noqa: PLC0415

    forgotten = forget(target)
    typer.echo(
        f"Forgotten: {', '.join(forgotten)}." if forgotten else f"There was nothing to forget in {target}."
    )


@bench_app.command("start")
def bench_start(runs: Annotated[int, typer.Option("-n", help="Runs of each way.")] = 5) -> int:
    """Time start_lab to the first SEND_OK beside the bare broker's boot and the documented way."""
    from rmqlab.bench.start import run  # noqa: PLC0415

    return run(runs, _out)


@bench_app.command("client")
def bench_client(rounds: Annotated[int, typer.Option("-n", help="Rounds of each way.")] = 5) -> int:
    """Compare the classic client's sends with the Java client driven directly."""
    from rmqlab.bench.client import run  # noqa: PLC0415

    return run(rounds, _out)


def main() -> int:
    """Run the command line; return its exit code."""
    try:
        return app(standalone_mode=False) or 0
    except typer.Exit as leave:
        return leave.exit_code
    except KeyboardInterrupt:
        _err.print("Interrupted.")
        return 130
    except RmqLabError as error:
        _err.print(f"[red]error[/] {error}", highlight=False)
        return 1
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")):  # a wrong word on the command line
            error.show()  # type: ignore[attr-defined]
            return 2
        raise


if __name__ == "__main__":
    sys.exit(main())
