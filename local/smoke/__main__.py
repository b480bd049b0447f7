"""`python -m local.smoke URL --key … --account … --instance … --target-group …`."""

from __future__ import annotations

import sys

from local.stopping import end_on_the_spot

if __name__ == "__main__":
    end_on_the_spot()
    from local.smoke.command import main

    sys.exit(main(sys.argv[1:]))
