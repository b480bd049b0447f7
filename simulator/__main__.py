"""`python -m simulator`: the simulated cloud as a program of its own, until it is interrupted."""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from simulator.accusations import short
from simulator.exchange import Call
from simulator.http_server import Server
from simulator.limits import Limits, Rate
from simulator.pace import Pace
from simulator.simulator import Simulator
from simulator.state_file import StateFile

log = logging.getLogger("simulator")

_RATE: Final = "BURST+RATE"
_BUCKET: Final = "calls at once, and then in a second; 'none': no limit"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    simulator = Simulator(
        pace=Pace(scale=chosen.pace),
        limits=_limits(chosen),
        graph_lag=timedelta(seconds=chosen.graph_lag),
        state=StateFile(chosen.state) if chosen.state else None,
        on_call=_log_call,
        on_accusation=_log_accusation,
    )
    for disk in chosen.protect:
        log.info("protected %s", simulator.protect(disk))
    for machine, disks in chosen.machine:
        for disk in simulator.disks_of(simulator.add_machine(machine, data_disks=disks)):
            log.info("protected %s", simulator.protect(disk))
    with simulator.serve(chosen.host, chosen.port) as server:
        _greet(server)
        _wait_for_the_end()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0, the default: any free one")
    parser.add_argument("--pace", type=float, default=1.0, help="10: ten times faster than Azure")
    parser.add_argument("--state", type=Path, help="keep the world in this file, and read it back")
    parser.add_argument("--protect", action="append", default=[], metavar="DISK")
    parser.add_argument(
        "--machine",
        action="append",
        default=[],
        type=_machine,
        metavar="NAME[=DISK,...]",
        help="a machine whose disks are protected: NAME-os and these data disks",
    )
    parser.add_argument("--graph-lag", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--reads", type=_rate, default=Limits.reads, metavar=_RATE, help=_BUCKET)
    parser.add_argument("--writes", type=_rate, default=Limits.writes, metavar=_RATE, help=_BUCKET)
    parser.add_argument(
        "--restores-of-vault", type=int, metavar="N", help="how many may run at once"
    )
    parser.add_argument(
        "--restores-of-subscription", type=int, metavar="N", help="how many may run at once"
    )
    return parser


def _limits(chosen: argparse.Namespace) -> Limits:
    """Return the limits that were asked for; without ARM's, the service's are none either."""
    unlimited = chosen.reads is None and chosen.writes is None
    return Limits(
        reads=chosen.reads,
        writes=chosen.writes,
        service_reads=None if unlimited else Limits.service_reads,
        restores_of_vault=chosen.restores_of_vault,
        restores_of_subscription=chosen.restores_of_subscription,
    )


def _rate(text: str) -> Rate | None:
    if text == "none":
        return None
    burst, _, per_second = text.partition("+")
    try:
        return Rate(int(burst), float(per_second))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither none nor such as 200+10") from None


def _machine(text: str) -> tuple[str, list[str]]:
    name, _, disks = text.partition("=")
    return name, [one for one in disks.split(",") if one]


def _greet(server: Server) -> None:
    log.info("listening on %s, report at %s/simulator/report", server.url, server.url)
    for name, value in server.environment.items():
        log.info("%s=%s", name, value)


def _wait_for_the_end() -> None:
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    over.wait()


def _log_call(call: Call) -> None:
    moment, status = f"{call.at:%H:%M:%S}", call.status or "cut off"
    log.info("%s %s %s %s", moment, call.method, short(call.path), status)


def _log_accusation(sentence: str) -> None:
    log.warning("!!!!!!!! BAD CLIENT: %s", sentence)


if __name__ == "__main__":
    sys.exit(main())
