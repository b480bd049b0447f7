"""`python -m local.stack`, and with it: `send FILE`, `results`."""

from __future__ import annotations

import sys

from local.stopping import end_on_the_spot


def main() -> int:
    """Do what is asked; only then is loaded what it needs."""
    end_on_the_spot()
    from local.stack import command  # noqa: PLC0415 - Ctrl-C must not find it half loaded.

    return command.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
