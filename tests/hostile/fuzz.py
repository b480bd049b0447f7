"""`make fuzz`: the property tests, round after round with fresh seeds, for as long as told.

Each round is a run of pytest with a seed of its own and some times the inputs of `make test`.
A round that fails prints what failed, with the smallest input, and its seed; the rest goes on, so
that one hour finds more than one thing. Exits with 1 where anything failed.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
PROPERTIES = sorted(str(file) for file in HERE.glob("test_hostile_*.py"))
TELLING = 60  # Lines of a failed round: the input and the assertion stand at the end of it.


def main() -> int:
    """Fuzz until the time is up."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, help="run this one round again")
    parser.add_argument("--times", type=int, default=2, help="as many inputs as in make test")
    chosen = parser.parse_args()
    tried: Counter[str] = Counter()
    began, failed, rounds = time.monotonic(), [], 0
    while time.monotonic() - began < chosen.minutes * 60:
        seed = chosen.seed or random.randrange(2**32)  # noqa: S311  no secret hangs on it
        counts, told = _round(seed, chosen.times)
        rounds, tried = rounds + 1, tried + counts
        if told:
            failed.append(seed)
            _say(f"\n{told}\n\nAgain: make fuzz SEED={seed}\n")
        minutes = (time.monotonic() - began) / 60
        _say(f"{minutes:5.1f} of {chosen.minutes:g} min  round {rounds}  seed {seed}  "
             f"{_figures(tried)}  failed rounds {len(failed)}")  # fmt: skip
        if chosen.seed:
            break
    _say(f"\n{rounds} rounds, {_figures(tried)}; {len(failed)} failed {failed or ''}")
    return 1 if failed else 0


def _round(seed: int, times: int) -> tuple[Counter[str], str]:
    """Run each property once and return what was tried, and what failed of it."""
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder, "counts.json")
        known = {"HOSTILE_COUNTS": str(counts), "HOSTILE_TIMES": str(times)}
        options = ["-q", "--tb=short", "--show-capture=no", "--timeout=0", "-p", "no:cacheprovider"]
        ran = subprocess.run(  # noqa: S603  our own words
            [sys.executable, "-m", "pytest", *options, f"--hypothesis-seed={seed}", *PROPERTIES],
            env={**os.environ, **known},
            capture_output=True,
            text=True,
            check=False,
        )
        tried = Counter(json.loads(counts.read_text())) if counts.exists() else Counter[str]()
    lines = (ran.stdout + ran.stderr).splitlines()
    return tried, "\n".join(lines[-TELLING:]) if ran.returncode else ""


def _figures(tried: Counter[str]) -> str:
    return ", ".join(f"{number:,} {what}" for what, number in sorted(tried.items()))


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
