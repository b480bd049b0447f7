"""The whole life of one restore: every plan of up to two deaths, every order of two workers."""

import pytest

from tests.simulation import exhaustive, runner


@pytest.mark.timeout(900)
def test_no_plan_of_two_deaths_loses_or_doubles_a_restore_however_it_ends() -> None:
    totals = runner.all_deaths()

    assert totals.broken == []
    assert set(totals.statuses) == {life.status for life in exhaustive.LIVES.values()}
    assert totals.worlds > 4000, "fewer plans than a restore has points: the test looks at nothing"


@pytest.mark.timeout(900)
def test_no_order_of_two_workers_loses_or_doubles_a_restore() -> None:
    totals = runner.all_races()

    assert totals.broken == []
    assert totals.worlds > 1000, "fewer orders than two workers have: the test looks at nothing"
