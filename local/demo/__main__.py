"""`python -m local.demo`: the whole app on this machine, shown."""

from __future__ import annotations

import argparse
import sys

from local.pace import pace
from local.stopping import end_on_the_spot

DEMO_PACE = 12.0  # Twelve times faster than recorded: a job takes 20 s, the whole under a minute.


def main() -> int:
    """Run the demo and tell the shell how it went."""
    end_on_the_spot()
    parser = argparse.ArgumentParser(prog="python -m local.demo", description=__doc__)
    parser.add_argument("--pace", type=pace, default=DEMO_PACE, help="1: the recorded pace")
    parser.add_argument("--events", action="store_true", help="show an event whole, as JSON")
    parser.add_argument("--board", action="store_true", help="open the board, until Ctrl-C")
    chosen = parser.parse_args()
    from local.demo.show import Wishes, show  # noqa: PLC0415 - Ctrl-C must not find it half loaded.

    return show(chosen.pace, Wishes(event=chosen.events, board=chosen.board))


if __name__ == "__main__":
    sys.exit(main())
