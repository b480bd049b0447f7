"""How many tests of each kind ran: `python -m tools.junit_counts report.xml ...` (JUnit reports).

The kind is the folder below `tests`.
"""

from __future__ import annotations

import sys
from collections import Counter
from xml.etree import ElementTree as ET


def count(report: str) -> tuple[Counter[str], Counter[str]]:
    """Return how many tests ran and how many were skipped, by kind."""
    ran: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    for test in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest's own report.
        kind = test.get("classname", "").removeprefix("tests.").split(".")[0]
        (skipped if test.find("skipped") is not None else ran)[kind] += 1
    return ran, skipped


def main(reports: list[str]) -> None:
    """Print one line for each report."""
    for report in reports:
        ran, skipped = count(report)
        kinds = ", ".join(f"{kind} {number}" for kind, number in sorted(ran.items()))
        left = f"; skipped {skipped.total()}" if skipped else ""
        print(f"tests that ran in {report}: {ran.total()} ({kinds}{left})")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
