"""The whole life of one restore: every plan of up to two deaths, every order of two workers.

A sample runs every time: every fourth death alone, and the first races in which one stands back
once. It passes the same lines thousands of times: their coverage, which doubles the cost, is not
measured. Of the plans of two deaths, a long run takes those of every eighth first death,
`make soak` all.
"""

import pytest

from tests.simulation import runner
from tests.simulation.deaths import Dying
from tests.simulation.lives import BESIDE, LIVES, SETS
from tests.simulation.races import every_race

SHALLOW = 1
EVERY = 4
FIRST = 2
EVERY_OF_A_SET = 13
"""A set has as many points as its members have together, and many of them are alike."""
RACES = sorted({(name, race) for name, race, *_ in every_race(SHALLOW)})


@pytest.mark.no_cover
@pytest.mark.parametrize("name", LIVES)
def test_no_death_loses_or_doubles_a_restore_however_it_ends(name: str) -> None:
    step = EVERY_OF_A_SET if name in SETS else EVERY
    totals = runner.deaths(name, step=step, most=1)

    assert totals.broken == []
    assert LIVES[name].status in totals.statuses
    assert totals.worlds > 3, "fewer plans than a restore has points: the test looks at nothing"


@pytest.mark.no_cover
@pytest.mark.parametrize("name", BESIDE)
def test_a_life_without_deaths_ends_as_it_should(name: str) -> None:
    report = Dying(BESIDE[name], frozenset()).run()

    assert report.breaches == []


@pytest.mark.no_cover
@pytest.mark.parametrize(("name", "race"), RACES)
def test_no_order_in_which_one_stands_back_loses_or_doubles_a_restore(name: str, race: str) -> None:
    totals = runner.Totals()
    for job in every_race(SHALLOW):
        if job[:2] == (name, race) and job[2] <= FIRST:
            totals += runner.races(*job)

    assert totals.broken == []
    assert totals.worlds > 3, "fewer orders than two workers have: the test looks at nothing"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_no_plan_of_two_deaths_loses_or_doubles_a_restore_however_it_ends() -> None:
    totals = runner.all_deaths(every=8)

    assert totals.broken == []
    assert set(totals.statuses) >= {life.status for life in LIVES.values()}
    assert totals.worlds > 2000, "fewer plans than a restore has points: the test looks at nothing"


@pytest.mark.long
@pytest.mark.timeout(900)
def test_no_order_of_two_workers_loses_or_doubles_a_restore() -> None:
    totals = runner.all_races()

    assert totals.broken == []
    assert totals.worlds > 1000, "fewer orders than two workers have: the test looks at nothing"
