"""``tamis watch``: whether what was decided still holds, what would be better, and who decides."""

from __future__ import annotations

import dataclasses
import getpass
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tamis.cli import show, watching
from tamis.cli.options import AsJson

if TYPE_CHECKING:
    from tamis.observe import Watch

app = typer.Typer(
    name="watch",
    help="Watch decisions and feedback: does the threshold still hold, which would be better, who decides?\n\n"
    "STORE is the path of an SQLite file or postgresql://..., as tamis serve --observe names it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Where = Annotated[str, typer.Argument(metavar="STORE", help="An SQLite file, or postgresql://...")]
Named = Annotated[str, typer.Argument(metavar="POLICY", help="Its name, or the beginning of its digest.")]
Config = Annotated[
    Path | None, typer.Option(metavar="FILE", help="tamis.toml, whose table [observe] says how to watch.")
]
By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who does it; your name on this machine otherwise.")
]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the ledger.")]


@app.command("status")
def status_command(where: Where, config: Config = None, as_json: AsJson = False) -> None:
    """Say what decides, what it promises and whether that holds, what is on trial, and what users did.

    Example: tamis watch status observe.db
    """
    with opened(where, config) as watch:
        found = watch.status()
    if as_json:
        show.as_json(found.as_json())
    else:
        watching.show_status(found)


@app.command("look")
def look_command(where: Where, config: Config = None, as_json: AsJson = False) -> None:
    """Hold the decisions since the last look against how the active policy began; an alarm ends its promise.

    A server looks by itself. Example: tamis watch look observe.db
    """
    with opened(where, config) as watch:
        found = watch.look()
    if as_json:
        show.as_json(found.as_json() if found else None)
    elif found is None:
        show.say("too few decisions since the last look: nothing is told")
    else:
        watching.show_look(found)


@app.command("propose")
def propose_command(
    where: Where,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be proposed.")] = False,
    name: Annotated[str, typer.Option(help="What the policy shall be called.")] = "",
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Propose this policy instead of one that clicks advise.")
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Make a candidate: the active policy with the threshold that clicks advise, or a policy of your own.

    Example: tamis watch propose observe.db --dry-run
    """
    from tamis.decide import Policy

    with opened(where, config) as watch:
        if policy is not None:
            own = Policy.load(policy)
            digest = watch.lifecycle.propose(own, actor=_actor(by), name=name or own.name or policy.stem)
            said({"policy": digest}, f"candidate: {digest}", as_json)
            return
        found, digest = (watch.advise(), "") if dry_run else watch.propose(actor=_actor(by), name=name)
    if as_json:
        show.as_json({**found.as_json(), "policy": digest or None})
    else:
        watching.show_advice(found, digest)


@app.command("approve")
def approve_command(
    where: Where,
    which: Named,
    to: Annotated[
        Literal["shadow", "canary", "active"] | None, typer.Option(help="The stage; the next one otherwise.")
    ] = None,
    share: Annotated[float | None, typer.Option(help="Of the traffic, for a canary.")] = None,
    by: By = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Move a policy on: from candidate to shadow, to canary, into charge. Servers on the store follow within seconds.

    Example: tamis watch approve observe.db proposed-1 --to canary --share 0.1
    """
    with opened(where, config) as watch:
        part = watch.options.share if share is None else share
        stage = watch.lifecycle.approve(which, actor=_actor(by), to=to, share=part)
        digest = watch.lifecycle.found(which)
    said({"policy": digest, "state": stage}, f"{which}: {stage}", as_json)


@app.command("retire")
def retire_command(where: Where, which: Named, reason: Why = "", by: By = None, as_json: AsJson = False) -> None:
    """Take a candidate, shadow or canary out.

    Example: tamis watch retire observe.db proposed-1 --reason "too strict"
    """
    with opened(where) as watch:
        watch.lifecycle.retire(which, actor=_actor(by), reason=reason)
    said({"policy": which, "state": "retired"}, f"{which}: retired", as_json)


@app.command("rollback")
def rollback_command(where: Where, reason: Why = "", by: By = None, as_json: AsJson = False) -> None:
    """Put the policy in charge again that decided before, and retire the one that decides now, with its canary.

    Example: tamis watch rollback observe.db --reason "complaints since Monday"
    """
    with opened(where) as watch:
        digest = watch.lifecycle.rollback(actor=_actor(by), reason=reason)
        name = watch.lifecycle.standing().names.get(digest, "")
    said({"policy": digest, "state": "active"}, f"active: {name or digest or 'everything is shown'}", as_json)


@app.command("acknowledge")
def acknowledge_command(where: Where, reason: Why = "", by: By = None, as_json: AsJson = False) -> None:
    """Answer the alarm that stands: the promise holds again, and looks begin anew from here.

    Example: tamis watch acknowledge observe.db --reason "the new catalogue; labelled again"
    """
    with opened(where) as watch:
        watch.lifecycle.acknowledge(actor=_actor(by), reason=reason)
    said({"alarm": None}, "acknowledged", as_json)


@app.command("replay")
def replay_command(where: Where, which: Named, as_json: AsJson = False) -> None:
    """Say what a policy would have changed on the latest decisions.

    Example: tamis watch replay observe.db proposed-1
    """
    with opened(where) as watch:
        change = watch.replay(which)
    if as_json:
        show.as_json(change.as_json())
    else:
        watching.show_change(change)


@app.command("report")
def report_command(
    where: Where,
    html: Annotated[Path, typer.Option(metavar="FILE", help="Page to write.")],
    days: Annotated[float, typer.Option(min=0, help="What the page looks back on.")] = 7.0,
    language: Annotated[Literal["en", "zh"], typer.Option(help="Language the page opens in.")] = "en",
    config: Config = None,
) -> None:
    """Write the week as a page: decisions by day, scores, promises, trials and what was done.

    Example: tamis watch report observe.db --html week.html
    """
    from tamis.data import atomic_write
    from tamis.observe.report import page

    with opened(where, config) as watch:
        made = page(watch, days=days, language=language)
    with atomic_write(html) as out:
        out.write(made)
    show.say(f"wrote {html}")


@app.command("plan")
def plan_command(
    rate: Annotated[float, typer.Argument(metavar="RATE", help="Share of sessions that satisfy now, in (0, 1).")],
    effect: Annotated[float, typer.Argument(metavar="EFFECT", help="Least difference that matters.")],
    share: Annotated[float, typer.Option(help="Of the traffic, for the canary.")] = 0.5,
    power: Annotated[float, typer.Option(help="Chance of finding such a difference.")] = 0.8,
    daily: Annotated[float | None, typer.Option(help="Sessions a day, to say how many days it takes.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say how many sessions a trial takes to find a difference, looked at once or as often as one likes.

    Example: tamis watch plan 0.3 0.02 --share 0.1 --daily 5000
    """
    from tamis.observe.abtest import plan_rates

    found = plan_rates(rate, effect, treated=share, power=power)
    if as_json:
        show.as_json(dataclasses.asdict(found))
    else:
        watching.show_plan(found, daily)


def opened(where: str, config: Path | None = None) -> Watch:
    """The watch over a store that is there: a name that was mistyped makes none."""
    from tamis.errors import NotFoundError
    from tamis.observe import Watch, WatchOptions

    if "://" not in where and not Path(where).exists():
        raise NotFoundError(f"{where}: no such store; tamis serve --observe {where} makes one")
    if config is None:
        return Watch.open(where)
    from tamis.serve.config import configuration

    told: WatchOptions = configuration(config, {}).observe
    return Watch.open(where, told)


def _actor(by: str | None) -> str:
    """Who does it; a number where the machine knows no name, as in a container."""
    try:
        return by or getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def said(value: Mapping[str, object], sentence: str, machine: bool) -> None:
    """Say what was done: a sentence for people, the value as JSON for machines."""
    if machine:
        show.as_json(value)
    else:
        show.say(sentence)
