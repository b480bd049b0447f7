"""What one worker asks of Resource Graph, and remembers of it."""

from typing import Any

import pytest

from restore_core.azure.resource_graph import (
    BLIND,
    INSTANCES,
    JOBS,
    THROTTLED,
    ResourceGraph,
    literal,
    same,
)
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.errors import Unavailable
from simulator import faults
from simulator.exchange import Answer
from tests import builders
from tests.azure.bench import Bench

PATH = "/resources"
WANTED = same("properties.dataSourceInfo.resourceID", builders.disk("disk-2"))


@pytest.fixture
def graph(bench: Bench) -> ResourceGraph:
    return ResourceGraph(bench.arm, bench.clock)


def asked(bench: Bench) -> int:
    return sum(call.path.endswith(PATH) for call in bench.simulator.calls)


def find(graph: ResourceGraph, bench: Bench, kind: str = INSTANCES) -> Any:
    return graph.find(kind, [bench.instance.vault], WANTED)


def test_what_is_asked_for_comes_first_and_others_show_that_it_sees(
    graph: ResourceGraph, bench: Bench
) -> None:
    second = bench.simulator.protect(builders.disk("disk-2"), subscription=builders.SUBSCRIPTION)
    bench.simulator.protect("disk-3", subscription=builders.SUBSCRIPTION)

    rows = find(graph, bench)

    assert rows[0]["id"] == second
    assert len(rows) == 3
    assert bench.simulator.accusations == []


def test_rows_are_of_the_vaults_that_are_named_alone(graph: ResourceGraph, bench: Bench) -> None:
    bench.simulator.protect("disk-9", vault="vault-10", subscription=builders.SUBSCRIPTION)

    rows = find(graph, bench)

    assert [row["id"] for row in rows] == [bench.id]


def test_it_is_not_asked_where_it_is_switched_off(bench: Bench) -> None:
    off = ResourceGraph(bench.arm, bench.clock, is_on=False)

    assert find(off, bench) is None
    assert asked(bench) == 0


@pytest.mark.parametrize("mood", ["empty", "forbidden"])
def test_a_graph_that_is_no_help_is_asked_again_after_ten_minutes(
    graph: ResourceGraph, bench: Bench, mood: Any
) -> None:
    bench.simulator.habits.graph = mood

    assert find(graph, bench) is None
    bench.simulator.habits.graph = "open"
    bench.clock.advance(seconds=BLIND.total_seconds() - 1)
    assert find(graph, bench) is None
    assert asked(bench) == 1

    bench.clock.advance(seconds=1)
    assert find(graph, bench)


def test_a_graph_that_is_blind_for_one_kind_is_asked_for_another(
    graph: ResourceGraph, bench: Bench
) -> None:
    assert find(graph, bench, JOBS) is None  # There is no job at all.

    assert find(graph, bench)
    elsewhere = BackupVaultId.parse(f"{bench.instance.vault}-2")
    assert graph.find(INSTANCES, [elsewhere], WANTED) is None
    assert asked(bench) == 3


def test_a_graph_that_forbids_is_asked_nothing(graph: ResourceGraph, bench: Bench) -> None:
    bench.simulator.habits.graph = "forbidden"

    assert (find(graph, bench), find(graph, bench, JOBS)) == (None, None)
    assert asked(bench) == 1


def test_a_graph_that_fails_is_left_alone_for_a_moment(graph: ResourceGraph, bench: Bench) -> None:
    bench.simulator.next("POST", PATH, faults.status(429, "RateLimiting", "Throttled."))

    for _ in range(2):
        with pytest.raises(Unavailable):
            find(graph, bench)
    assert asked(bench) == 1

    bench.clock.advance(seconds=THROTTLED.total_seconds())
    assert find(graph, bench)


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}}])
def test_an_answer_that_is_none_is_never_taken_for_an_empty_one(
    graph: ResourceGraph, bench: Bench, body: Any
) -> None:
    bench.simulator.next("POST", PATH, faults.Instead(Answer.of(body)))

    with pytest.raises(Unavailable) as raised:
        find(graph, bench)

    assert raised.value.problem.code == "OddAnswer"


def test_what_is_no_row_is_passed_over(graph: ResourceGraph, bench: Bench) -> None:
    odd = Answer.of({"data": [None, "x", {"id": "/x"}]})
    bench.simulator.next("POST", PATH, faults.Instead(odd))

    assert find(graph, bench) == [{"id": "/x"}]


@pytest.mark.parametrize("text", ["it's", 'a"b', "a\\b", "a\nb", "", "\x7f"])
def test_a_text_that_could_end_its_quotes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a query"):
        literal(text)
