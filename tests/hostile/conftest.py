"""Two profiles of Hypothesis: `short` in `make test`, the same inputs each time; `fuzz` for long.

What `make fuzz` counts is written to the file that HOSTILE_COUNTS names.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.hostile import counted
from tests.hostile.arena import Arena

CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "short", derandomize=True, deadline=None, database=None, suppress_health_check=CALM
)
settings.register_profile(
    "fuzz",
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=CALM,
)
settings.load_profile("fuzz" if "HOSTILE_COUNTS" in os.environ else "short")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage here, which doubles the cost: the same lines, thousands of times."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    """One arena for a module; each example resets it."""
    arena = Arena()
    yield arena
    arena.log.close()


def pytest_sessionfinish() -> None:
    if name := os.environ.get("HOSTILE_COUNTS"):
        Path(name).write_text(json.dumps(counted.COUNTS))
