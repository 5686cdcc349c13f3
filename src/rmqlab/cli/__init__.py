"""The command line. Thin: every command is one call into the package, and errors are one sentence."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rmqlab.cli import chaos, clusters, containers, making, recordings
from rmqlab.cli.consoles import err, out
from rmqlab.errors import RmqLabError

app = typer.Typer(
    name="rmqlab",
    help="RocketMQ Lab: a course on a real Apache RocketMQ.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


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
def doctor() -> int:
    """Say whether this machine is ready for the labs, and what to do where it is not."""
    from rmqlab.doctor import examine  # noqa: PLC0415

    findings = examine()
    for finding in findings:
        mark = "[green]ok[/]" if finding.is_good else "[red]to do[/]"
        out.print(f"{mark:>14}  {finding.about}: {finding.seen}", highlight=False)
        if not finding.is_good and finding.remedy:
            out.print(f"       {finding.remedy}", highlight=False)
    return 0 if all(finding.is_good for finding in findings) else 1


@app.command()
def fetch(
    *,
    legacy: Annotated[bool, typer.Option("--legacy", help="Those of the 4.9 broker too.")] = False,
    kafka: Annotated[bool, typer.Option("--kafka", help="Those of the Kafka of lab 13 too.")] = False,
) -> None:
    """Fetch the broker's files now, so that the labs work offline."""
    from rmqlab.runtime import (  # noqa: PLC0415
        RELEASES,
        ROCKETMQ,
        ensure_archive,
        ensure_jars,
        ensure_native,
        find_java,
    )
    from rmqlab.topology import KAFKA, LEGACY  # noqa: PLC0415

    java = find_java()
    wanted = {ROCKETMQ.name, *([LEGACY] if legacy else []), *([KAFKA] if kafka else [])}
    for name, release in RELEASES.items():
        if release.jars and name in wanted:
            count = len(ensure_jars(release.jars))
            product = "Kafka" if name == KAFKA else "RocketMQ"
            typer.echo(f"{product} {release.jars.version}: {count} jars, verified.")
    ensure_native()
    ensure_archive()
    typer.echo(f"Java {java.version} from {java.source}.")


@app.command()
def progress() -> None:
    """Show which exercises you have passed, and which lab comes next."""
    from rmqlab.checks.scoreboard import next_step, progress_table  # noqa: PLC0415

    out.print(progress_table())
    out.print(next_step(), highlight=False)


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


app.add_typer(chaos.app)
app.add_typer(clusters.app)
app.add_typer(containers.app)
app.add_typer(making.app)
app.add_typer(recordings.app)


def main() -> int:
    """Run the command line; return its exit code."""
    try:
        return app(standalone_mode=False) or 0
    except typer.Exit as leave:
        return leave.exit_code
    except KeyboardInterrupt:
        err.print("Interrupted.")
        return 130
    except RmqLabError as error:
        err.print(f"[red]error[/] {error}", highlight=False)
        return 1
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")):  # a wrong word on the command line
            error.show()  # type: ignore[attr-defined]
            return 2
        raise


if __name__ == "__main__":
    sys.exit(main())
