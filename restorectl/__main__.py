"""`restorectl`, and `python -m restorectl`."""

from __future__ import annotations

import sys


def main() -> None:
    """Do what is asked, and end with the code that says how it went."""
    from restorectl.app import run  # noqa: PLC0415 - Ctrl-C must not find it half loaded.

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
