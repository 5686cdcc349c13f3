"""Commands about clusters."""

from __future__ import annotations

import time
import warnings
from typing import Annotated

import typer
from rich.table import Table

from rmqlab.cli.consoles import err, out
from rmqlab.errors import ClusterError, NoSuchClusterError

app = typer.Typer()


@app.command()
def up(  # noqa: PLR0913  (each is one choice of the caller)
    topology: Annotated[str, typer.Argument(help="See `rmqlab topologies`.")] = "single",
    *,
    name: Annotated[str | None, typer.Option(help="Its name; the shape's by default.")] = None,
    backend: Annotated[str | None, typer.Option(help="process or docker.")] = None,
    namesrv_port: Annotated[
        int | None, typer.Option(help="The NameServer's port; a free one by default.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Delete the messages of the last time first.")
    ] = False,
    flush: Annotated[str | None, typer.Option(help="sync or async: when is a message on disk?")] = None,
    replication: Annotated[str | None, typer.Option(help="sync or async: do sends wait for a slave?")] = None,
    delay_levels: Annotated[str | None, typer.Option(help="Levels of your own, such as '1s 5s 1m'.")] = None,
    transaction_check_ms: Annotated[
        int | None, typer.Option(help="How soon half messages are asked about.")
    ] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Keep message traces.")] = False,
    timers: Annotated[bool, typer.Option("--timers", help="Messages to the moment.")] = False,
    authentication: Annotated[bool, typer.Option("--authentication", help="Refuse strangers.")] = False,
    metrics: Annotated[bool, typer.Option("--metrics", help="For Prometheus to scrape.")] = False,
    links: Annotated[bool, typer.Option("--links", help="A network that can be cut.")] = False,
    slow_disk: Annotated[bool, typer.Option("--slow-disk", help="A disk that can be slowed.")] = False,
    properties: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A broker property; can be repeated."),
    ] = None,
) -> None:
    """Start a cluster that stays until `rmqlab down`; print the address for its clients."""
    from rmqlab.options import ClusterOptions  # noqa: PLC0415
    from rmqlab.starting import start_cluster  # noqa: PLC0415

    begun = time.monotonic()
    options = ClusterOptions.of(
        flush=flush,
        replication=replication,
        delay_levels=delay_levels,
        transaction_check_ms=transaction_check_ms,
        trace=trace,
        timers=timers,
        authentication=authentication,
        metrics=metrics,
        links=links,
        slow_disk=slow_disk,
        properties=_pairs(properties or []),
    )
    cluster = start_cluster(
        topology, name=name, backend=backend, options=options, namesrv_port=namesrv_port, fresh=fresh
    )
    if cluster.why_backend:
        err.print(cluster.why_backend, highlight=False)
    kind = "bootstrap servers" if cluster.bootstrap_servers else "NameServer"
    err.print(f"{cluster.name} is ready after {time.monotonic() - begun:.1f} s. Its {kind}:")
    typer.echo(cluster.namesrv or cluster.bootstrap_servers)
    if cluster.proxy:
        err.print(f"Its proxy, for gRPC clients: {cluster.proxy}")
    for node in cluster.brokers:
        if node.metrics_url:
            err.print(f"The metrics of {node.name}: {node.metrics_url}", highlight=False)
    if keys := cluster.credentials:
        err.print(f"Its access key: {keys.access_key}, its secret key: {keys.secret_key}", highlight=False)


def _pairs(settings: list[str]) -> dict[str, str]:
    pairs = {}
    for setting in settings:
        key, separator, value = setting.partition("=")
        if not separator:
            raise ClusterError(f"--set takes KEY=VALUE, such as flushDiskType=SYNC_FLUSH, not {setting!r}.")
        pairs[key.strip()] = value.strip()
    return pairs


@app.command()
def topologies() -> None:
    """List the shapes that a cluster can have."""
    from rmqlab.topology import BESIDE, TOPOLOGIES  # noqa: PLC0415

    table = Table("Shape", "What it is", box=None)
    for shape in (*TOPOLOGIES.values(), *BESIDE.values()):
        table.add_row(shape.name, shape.summary)
    out.print(table)


@app.command()
def down(
    name: Annotated[str | None, typer.Argument(help="The cluster's name.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every cluster of yours.")] = False,
) -> None:
    """End a cluster: a lab's at once, one of `rmqlab up` in order, with its messages kept.

    One that others run goes on; what is yours there is removed.
    """
    from rmqlab.backends.strays import end_strays  # noqa: PLC0415
    from rmqlab.cluster import end_if, list_clusters  # noqa: PLC0415

    backends = {record.name: record.backend for record in list_clusters()}
    names = list(backends)
    if name is None and not everything and len(names) != 1:
        raise NoSuchClusterError(f"Which one? Running: {', '.join(names) or 'none'}. Name it, or say --all.")
    if name is not None and name not in names:
        raise NoSuchClusterError(f"No cluster called {name} runs. Running now: {', '.join(names) or 'none'}.")
    for each in [name] if name else names:
        with err.status(f"Stopping {each}"), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", UserWarning)
            end_if(each, lambda _record: True)
        typer.echo(f"{each} is {'left' if backends[each] == 'external' else 'down'}.")
        for warning in warned:
            err.print(f"[yellow]note[/] {warning.message}", highlight=False)
    if everything:
        for each in end_strays():
            typer.echo(f"{each} is down: its containers had no record.")


@app.command()
def ps() -> None:
    """List the clusters and how their nodes are."""
    from rmqlab.cluster import Cluster, list_clusters  # noqa: PLC0415
    from rmqlab.records import lease_left_s  # noqa: PLC0415

    table = Table("Cluster", "Shape", "Backend", "Address", "Nodes", "Ends", box=None)
    for record in list_clusters():
        nodes = ", ".join(f"{n.name} {n.state}" for n in Cluster(record).nodes.values())
        left = lease_left_s(record)
        ends = "when you say `down`" if left is None else f"{max(0, left) / 60:.0f} min after its last use"
        table.add_row(record.name, record.topology, record.backend, record.address, nodes, ends)
    if table.row_count:
        out.print(table)
    else:
        typer.echo("No cluster runs. `rmqlab up` starts one.")


@app.command(
    context_settings={
        "allow_extra_args": True,
        "allow_interspersed_args": False,  # from the sub-command on, everything is mqadmin's
        "ignore_unknown_options": True,
    }
)
def mqadmin(
    words: Annotated[list[str] | None, typer.Argument(help="mqadmin's own; none: its list.")] = None,
    *,
    name: Annotated[str | None, typer.Option(help="The cluster's name; needed if several run.")] = None,
    timeout_s: Annotated[float, typer.Option(help="End it after so many seconds.")] = 30.0,
) -> None:
    """Run RocketMQ's own tool against a cluster: `rmqlab mqadmin topicRoute -t orders`."""
    from rmqlab.cluster import Cluster, find_record, list_clusters  # noqa: PLC0415
    from rmqlab.mqadmin import mqadmin as run  # noqa: PLC0415

    names = [record.name for record in list_clusters()]
    if name is None and len(names) != 1:
        raise NoSuchClusterError(f"Which one? Running: {', '.join(names) or 'none'}. Say --name NAME.")
    cluster = Cluster(find_record(name or names[0]))
    typer.echo(run(cluster, words or (), timeout_s=timeout_s), nl=False)


def _print_client_logs(lines: int) -> None:
    from rmqlab.client.grpc_log import log_file  # noqa: PLC0415
    from rmqlab.client.java import log_folder  # noqa: PLC0415

    for which, file in (("Java", log_folder() / "rocketmq_client.log"), ("gRPC", log_file())):
        typer.echo(f"--- the {which} client, {file}")
        if file.exists():
            text = file.read_text(encoding="utf-8", errors="replace")
            typer.echo("\n".join(text.splitlines()[-lines:]))
        else:
            typer.echo("It has not logged anything yet.")


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="The cluster's name; or `client`.")],
    node: Annotated[str | None, typer.Argument(help="One of its nodes; all by default.")] = None,
    lines: Annotated[int, typer.Option("-n", help="How many lines of each log.")] = 20,
) -> None:
    """Print the end of the nodes' logs, or of your clients' (`rmqlab logs client`)."""
    from rmqlab.cluster import Cluster, find_record  # noqa: PLC0415

    if name == "client":
        _print_client_logs(lines)
        return
    nodes = Cluster(find_record(name)).nodes
    if node is not None and node not in nodes:
        raise NoSuchClusterError(f"{name} has no node called {node!r}. It has: {', '.join(nodes)}.")
    for each in [nodes[node]] if node else nodes.values():
        typer.echo(f"--- {each.name} ({each.state})")
        typer.echo(each.log_tail(lines))
