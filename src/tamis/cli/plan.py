"""``tamis plan``: from documents, queries and a target to replicas, machines and money; or what a model costs here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tamis.cli import show
from tamis.cli.options import AsJson

if TYPE_CHECKING:
    from rich.table import Table

    from tamis.scale.plan import Needs, Plan, Profile

KEY = "TAMIS_PLAN_KEY"
GIGA = 1e9
Money = Annotated[float | None, typer.Option(help="Of the prices assumed otherwise.", min=0)]


def command(
    qps: Annotated[float | None, typer.Option(help="Queries a second at the busiest time.", min=1e-6)] = None,
    mean: Annotated[float | None, typer.Option(help="Queries a second over the day; half the peak otherwise.")] = None,
    documents: Annotated[
        float, typer.Option(help="In the index, such as 1e6; 0 where requests bring their own.", min=0)
    ] = 0,
    candidates: Annotated[int, typer.Option(help="Pairs a query that the model scores.", min=1)] = 100,
    tokens: Annotated[float, typer.Option(help="Of a document; four bytes are one.", min=1)] = 60,
    model: Annotated[str, typer.Option(help="What scores: a row of the tables; with --measure any model.")] = (
        "tamis-mini"
    ),
    device: Annotated[str, typer.Option(help="cpu, l4, a10, l40s, a100 or h100.")] = "cpu",
    profile: Annotated[Path | None, typer.Option(metavar="FILE", help="Measured costs, instead of the tables.")] = None,
    target: Annotated[float, typer.Option(help="Seconds within which answers come.", min=1e-3)] = 1.0,
    percent: Annotated[int, typer.Option(help="Of the answers: 95 or 99.")] = 95,
    index: Annotated[str, typer.Option(help="hybrid, words, vectors or compressed.")] = "hybrid",
    dimensions: Annotated[int, typer.Option(help="Of a vector.", min=1)] = 384,
    text_bytes: Annotated[float, typer.Option(help="Of text a document that the index keeps.", min=0)] = 1000,
    cores: Annotated[int, typer.Option(help="Processors of one machine.", min=1)] = 16,
    memory: Annotated[float, typer.Option(help="Gigabytes of one machine.", min=0.1)] = 64,
    threads: Annotated[int | None, typer.Option(help="Processors a replica scores with; the best otherwise.")] = None,
    together: Annotated[int | None, typer.Option(help="queue.together of the servers.", min=1)] = None,
    spare: Annotated[int, typer.Option(help="Replicas that may be lost or restarted.", min=0)] = 1,
    copies: Annotated[int, typer.Option(help="Least copies of each shard of the index.", min=1)] = 2,
    asked: Annotated[float, typer.Option(help="Share of the shards that a query asks.")] = 1.0,
    cached: Annotated[float, typer.Option(help="Share of the queries that a cache before all this answers.")] = 0.0,
    load: Annotated[float, typer.Option(help="Share of the most that a replica may be asked.")] = 0.85,
    seconds_a_token: Annotated[float | None, typer.Option(help="Instead of the profile's.", min=0)] = None,
    seconds_a_pair: Annotated[float | None, typer.Option(help="Instead of the profile's.", min=0)] = None,
    seconds_a_batch: Annotated[float | None, typer.Option(help="Instead of the profile's.", min=0)] = None,
    core_hour: Money = None,
    gigabyte_hour: Money = None,
    disk_month: Money = None,
    card_hour: Money = None,
    measure: Annotated[bool, typer.Option("--measure", help="Measure --model here, or the server at --url.")] = False,
    url: Annotated[str | None, typer.Option(help=f"A tamis serve to measure; its key: {KEY}.")] = None,
    index_folder: Annotated[
        Path | None, typer.Option("--index-folder", metavar="DIR", help="Measure searches of this index, too.")
    ] = None,
    rounds: Annotated[int, typer.Option(help="How often each shape of request is measured.", min=1)] = 3,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the measured profile here.")] = None,
    as_json: AsJson = False,
) -> None:
    """What a load takes: replicas, cores or GPUs, memory, disk, shards, money; each number with its assumption.

    A simulation of the server's queue says what one replica takes within the target. Costs are of the tables, or
    measured: --measure asks a server of its own on this machine (tamis[serve]) and writes a profile.

    Example: tamis plan --qps 50 --documents 1e6 --target 0.5 --device l4 --model bge-reranker-base

    Measured: tamis plan --measure -o here.json, then tamis plan --qps 2 --profile here.json

    Exit code 1 where the target cannot be kept.
    """
    if measure or url:
        found = _measured(model, url, index_folder, rounds, device)
        _show_profile(found, output, as_json)
        return
    if output is not None or index_folder is not None:
        raise typer.BadParameter("--output and --index-folder are for --measure")
    if qps is None:
        raise typer.BadParameter("expected --qps, the queries a second at the busiest time; or --measure")
    from tamis.scale.plan import Needs, Profile, plan
    from tamis.scale.plan.tables import Prices, known

    cost = Profile.load(profile) if profile else known(model, device)
    cost = cost.overridden(token=seconds_a_token, pair=seconds_a_pair, batch=seconds_a_batch)
    said = {"core": core_hour, "gigabyte": gigabyte_hour, "disk": disk_month, "card": card_hour}
    prices = Prices(**{name: one for name, one in said.items() if one is not None})
    needs = Needs(
        qps, mean, documents, candidates, tokens, target, percent, index, dimensions, text_bytes, cores, memory * GIGA,
        threads, together, spare, copies, asked, cached, load, prices=prices,
    )  # fmt: skip
    made = plan(needs, cost)
    show.as_json(made.as_json()) if as_json else show.out(_table(made))
    if not made.reachable:
        show.say(f"error: {made.figures[-1].because}")
        raise typer.Exit(1)


def _measured(model: str, url: str | None, folder: Path | None, rounds: int, device: str) -> Profile:
    """The profile of a server of our own, or of the one that is named."""
    from tamis.scale.plan.measure import measured, server

    with show.progress("measuring") as progress:
        if url is not None:
            if folder is not None:
                raise typer.BadParameter("--index-folder is for a server that is started here, not for --url")
            name = "" if model == "tamis-mini" else model
            return measured(
                url, model=name, key=os.environ.get(KEY, ""), rounds=rounds, device=device, progress=progress
            )
        arguments = ["--model", model, *(("--index", str(folder)) if folder else ())]
        with server(arguments) as own:
            return measured(own, search=folder is not None, rounds=rounds, device=device, progress=progress)


def _show_profile(found: Profile, output: Path | None, as_json: bool) -> None:
    if output is not None:
        found.save(output)
    if as_json:
        show.as_json(found.as_json())
        return
    each = found.scoring
    table = show.table(f"{found.model}: {found.source}", "what", "value")
    for name, value in (
        ("seconds a batch", f"{each.batch:.3g}"),
        ("seconds a pair", f"{each.pair:.3g}"),
        ("seconds a token", f"{each.token:.3g}"),
        ("100 pairs of 60 tokens", f"{each(100, 6000):.3g} s"),
        ("processors while it scores", f"{found.busy:.3g}"),
        ("the server's loop, 100 pairs", f"{found.front(100, 6000):.3g} s"),
        ("a search in the index", "not measured" if found.recall is None else f"{found.recall.pair:.3g} s"),
        ("memory", f"{found.memory / GIGA:.2g} GB"),
    ):
        table.add_row(name, value)
    show.out(table)
    if output is not None:
        show.say(f"profile: {output}")


def _table(made: Plan) -> Table:
    needs: Needs = made.needs
    title = f"{needs.peak:g} queries/s of {needs.candidates} candidates, p{needs.percent} within {needs.target:g} s"
    table = show.table(f"{title}: {made.profile.model} on {made.profile.device}", "what", "value", "why")
    for figure in made.figures:
        table.add_row(figure.name, f"{rounded(figure.value)} {figure.unit}".strip(), figure.because)
    return table


def rounded(value: float) -> str:
    """A number as people read it.

    >>> rounded(1234567.0), rounded(12.0), rounded(0.012345), rounded(3.14159)
    ('1,234,567', '12', '0.0123', '3.14')
    """
    if value == int(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
