"""The costs in infra/README.md come from the prices, and from what is counted elsewhere."""

import json
import re
from typing import Any

import pytest

from tools import cost

PRICES: dict[str, Any] = cost.told()


def changed(part: str, **changes: float) -> dict[str, Any]:
    return {**PRICES, part: {**PRICES[part], **changes}}


def total(told: dict[str, Any], name: str) -> float:
    found = re.search(rf"\*\*{name}\*\* \| \| \*\*([\d.]+)\*\*", cost.table(told))
    assert found is not None
    return float(found[1])


def test_the_page_shows_the_costs_at_the_prices_that_are_told() -> None:
    assert cost.main(["--check"]) == 0


def test_what_the_app_needs_at_rest_is_paid_beyond_the_free_grant() -> None:
    nothing_free = changed("prices", freeGbSeconds=0)

    more = total(nothing_free, "At rest, a month") - total(PRICES, "At rest, a month")

    assert more == pytest.approx(100_000 * PRICES["prices"]["gbSecond"], abs=0.01)


def test_rarer_ticks_cost_less() -> None:
    rarer = changed("usage", secondsBetweenTicks=300)

    assert total(rarer, "At rest, a month") < total(PRICES, "At rest, a month") - 3


def test_a_thousand_restores_cost_a_thousand_times_one() -> None:
    once = PRICES["usage"]["executionsPerRestore"]
    twice = changed("usage", executionsPerRestore=2 * once)
    seconds = 1_000 * once * PRICES["usage"]["memoryGb"]

    more = total(twice, "1,000 restores more") - total(PRICES, "1,000 restores more")

    assert more == pytest.approx(seconds * PRICES["prices"]["gbSecond"], abs=0.02)


def test_what_is_deployed_is_what_is_paid_for() -> None:
    host = json.loads((cost.INFRA.parent / "host.json").read_text("utf-8"))
    alerts = (cost.INFRA / "modules" / "alerts.bicep").read_text("utf-8")
    main = (cost.INFRA / "main.bicep").read_text("utf-8")
    usage = PRICES["usage"]

    assert usage["alertRules"] == len(re.findall(r"query: loadTextContent", alerts))
    assert f"param instanceMemoryMb int = {usage['memoryGb'] * 1024}" in main
    seconds = host["extensions"]["queues"]["maxPollingInterval"].rpartition(":")[2]
    assert usage["secondsBetweenPollsOfAQueue"] == int(seconds)
    assert f"RESTORE_POLL_SCHEDULE: '*/{usage['secondsBetweenTicks']} * * * * *'" in (
        cost.INFRA / "settings.bicep"
    ).read_text("utf-8")
