"""`python -m local.doctor URL --key …`: what is well, what is not, and what to do."""

from __future__ import annotations

import sys

from local.stopping import end_on_the_spot

if __name__ == "__main__":
    end_on_the_spot()
    from local.doctor.command import main

    sys.exit(main(sys.argv[1:]))
