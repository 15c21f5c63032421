"""The command ``tamis``: verbs, and how errors reach the shell (exit code 0, 1 failure, 2 usage)."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from tamis import __version__
from tamis.cli import (
    agree,
    ask,
    bulk,
    calibrate,
    compare,
    data,
    derive,
    distill,
    doctor,
    evaluate,
    export,
    gain,
    index,
    kept,
    label,
    mine,
    plan,
    repair,
    report,
    rerank,
    rewrite,
    search,
    serve,
    train,
    tune,
    ui,
    watch,
)
from tamis.errors import TamisError

app = typer.Typer(
    name="tamis",
    help="Search candidates into decisions people can defend: recall, rerank, calibrate, decide, observe.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("rerank")(rerank.command)
app.command("bulk")(bulk.command)
app.command("index")(index.command)
app.command("search")(search.command)
app.command("ask")(ask.command)
app.command("rewrite")(rewrite.command)
app.command("eval")(evaluate.command)
app.command("compare")(compare.command)
app.command("gain")(gain.command)
app.command("calibrate")(calibrate.command)
app.command("tune")(tune.command)
app.command("report")(report.command)
data.app.command("derive")(derive.command)
data.app.command("repair")(repair.command)
app.add_typer(data.app)
app.command("mine")(mine.command)
app.command("train")(train.command)
app.command("distill")(distill.command)
app.command("export")(export.command)
app.command("agree")(agree.command)
app.add_typer(label.app)
watch.app.command("relabel")(kept.relabel)
watch.app.command("log")(kept.log)
watch.app.command("export")(kept.export)
watch.app.command("import")(kept.bring)
watch.app.command("clean")(kept.clean)
app.add_typer(watch.app)
app.command("serve")(serve.command)
app.command("ui")(ui.command)
app.command("plan")(plan.command)
app.command("doctor")(doctor.command)


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"tamis {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Search candidates into decisions people can defend: recall, rerank, calibrate, decide, observe."""


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr, never a traceback."""
    try:
        app(prog_name="tamis")
    except TamisError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except BrokenPipeError:
        # The reader (head, less) has gone: keep the interpreter from complaining when it flushes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201
        sys.exit(130)
