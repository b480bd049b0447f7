"""How long a worker imports the app before it can index it, here and in another checkout.

    git worktree add ../before <commit>
    python -m benchmarks.start_up ../before . --python .venv/bin/python --python <another>

The two take turns, A B A B, each in a process of its own: what else the machine does then falls on
both. The first round of each is not counted: it may compile. Exits with 1 where the second one
takes more than `--most` of the first.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from statistics import median

IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def main() -> int:
    """Measure with each Python, and tell the shell whether it is quick enough."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start_up", description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--module", default="function_app")
    parser.add_argument("--most", type=float, default=0.65, help="of what it took before")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument(
        "--python", type=Path, action="append", help="an interpreter; more than one"
    )
    chosen = parser.parse_args()
    shares = [
        share(python.absolute(), (chosen.before, chosen.after), chosen.module, chosen.rounds)
        for python in chosen.python or [Path(sys.executable)]
    ]
    return 0 if max(shares) <= chosen.most else 1


def share(python: Path, checkouts: tuple[Path, Path], module: str, rounds: int) -> float:
    """Return what the second checkout's import takes of the first one's; print both."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for times, checkout in zip(took, checkouts, strict=True):
            times.append(seconds(python, checkout, module))
    before, after = (median(times[1:]) for times in took)
    best = min(took[1][1:]) / min(took[0][1:])
    _print(
        f"{version(python)}: {before * 1000:.0f} ms before, {after * 1000:.0f} ms after "
        f"(medians of {rounds}): {after / before:.2f} of it; of the quickest, {best:.2f}"
    )
    return after / before


def seconds(python: Path, checkout: Path, module: str) -> float:
    """Return the seconds that a fresh process of `python` imports `module` for."""
    return float(_said(python, checkout, IMPORT.format(module)))


def version(python: Path) -> str:
    """Return which Python it is."""
    return _said(python, Path(), "import platform; print('Python', platform.python_version())")


def _said(python: Path, folder: Path, program: str) -> str:
    done = subprocess.run(  # noqa: S603  our own words, by an interpreter that was named to us
        [python, "-c", program], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
