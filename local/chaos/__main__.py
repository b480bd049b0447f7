"""The real parts with real kills: Azurite on disk, the simulated Azure and the host as processes.

Restores are sent, and while they are under way hosts and their workers are killed with SIGKILL at
random moments, Azurite is stopped and started again, the simulated Azure is killed and started
again, and purges of what ended long ago are killed at their work. At the end every request has one
result, no disk was restored twice, every transition was told, and nothing is left in a queue, no
outstanding row, no lock, nothing that a purge should have deleted. Exits with 1 where that is not
so; says what it did, what it counted, and how late each restore was.

With `--host real` the host is the platform's own, with the platform's worker; its defaults are
others (`local.chaos.plan`). A host that ends by itself is started again, as the platform does.

With `--speed 1`, the default, the app runs as it is: a message that a killed host had taken stays
hidden for ten minutes, and a claim whose POST was never sent is believed to be lost after ten (five
of the function's time-out, five of clock skew; the lag of job lists is set to a second). That is
what the run takes most of its time for. With `--speed 30` the processes share a clock that goes
thirty times as fast (`local.chaos.fast`).
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

from local.chaos.plan import FOR_THE_REAL_HOST, Plan
from local.chaos.run import Chaos
from local.real_host import RealHostMissingError


def main() -> int:
    """Run it and tell the shell how it went."""
    plan = _plan()
    for name in [name for name in os.environ if name.upper().startswith(("AZURE", "RESTORE"))]:
        del os.environ[name]
    os.environ["NO_PROXY"] = "127.0.0.1"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    _print(f"seed {plan.seed}: {plan}")
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        try:
            chaos = Chaos(plan, Path(folder), _print)
        except RealHostMissingError as error:
            _print(str(error))
            return 1
        wrong = chaos.run()
    for line in chaos.figures():
        _print(line)
    for what, number in chaos.did.items():
        _print(f"{number:8}  {what}")
    _print(f"Restores under way at each kill: {chaos.under_way}")
    for sentence in wrong:
        _print(f"WRONG: {sentence}")
    _print(f"Again: make chaos SEED={plan.seed}" if wrong else "Nothing was lost, nothing twice.")
    return 1 if wrong else 0


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m local.chaos", description=__doc__)
    parser.add_argument("--host", choices=("local", "real"), default=Plan.host)
    parser.add_argument("--hosts", type=int, help="how many share the work")
    parser.add_argument("--restores", type=int)
    parser.add_argument("--kills", type=int, help="of hosts")
    parser.add_argument("--worker-kills", type=int, help="of the process that runs the functions")
    parser.add_argument("--outages", type=int, help="of each service")
    parser.add_argument("--aged", type=int, help="restores of long ago that are purged meanwhile")
    parser.add_argument("--purges", type=int, help="how many purges are killed")
    parser.add_argument("--away", type=float, help="seconds of an outage of storage")
    parser.add_argument("--speed", type=float)
    parser.add_argument("--pace", type=float)
    parser.add_argument("--longest-wait", type=float)
    parser.add_argument("--patience", type=float, help="seconds in all")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))  # noqa: S311
    chosen = {name: value for name, value in vars(parser.parse_args()).items() if value is not None}
    defaults = FOR_THE_REAL_HOST if chosen["host"] == "real" else {}
    return Plan(**{**defaults, **chosen})


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program that talks to a person.


if __name__ == "__main__":
    sys.exit(main())
