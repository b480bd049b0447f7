"""The table of cases, second part: what becomes of work when something dies or goes away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import requests

from tests.host.witness import POISON, Witness, ask, let_pass, wait_until

if TYPE_CHECKING:
    from local.host_process import HostProcess

pytestmark = [pytest.mark.azurite, pytest.mark.timeout(400)]

A_MOMENT = 3.0  # seconds that a host bears with its storage, starting it included: 23
A_WHILE = 5.0  # seconds in which a waiting message would surely have been taken
TIMEOUT = "AzureFunctionsJobHost__functionTimeout"
GRACE = 10.0  # seconds that a host leaves to what runs when it is told to stop
SLACK = 15.0  # seconds by which a loaded machine may be late
HANDOVER = 150.0  # seconds: a lease of one minute, looked at each minute, and the host's start


def test_a_worker_that_dies_takes_all_with_it_that_ran_there(witness: Witness) -> None:
    host = witness.start()
    witness.order("harmless", seconds=8, once=True)
    witness.diary.wait_for("obey", name="harmless")
    witness.order("deadly", die=1)

    first, again = witness.diary.wait_for("obey", name="harmless", count=2)
    witness.diary.wait_for("obey", "ended", name="harmless")
    witness.diary.wait_for("obey", "ended", name="deadly")

    assert [first.dequeued, again.dequeued] == [1, 2]
    assert first.pid != again.pid
    assert not host.has_ended()
    wait_until(lambda: witness.there_are("orders") == 0, witness.diary.all)


def test_at_the_third_death_of_its_worker_the_host_ends(witness: Witness) -> None:
    host = witness.start()
    witness.order("deadly", die=9)

    deaths = witness.diary.wait_for("obey", name="deadly", count=3)

    assert [death.dequeued for death in deaths] == [1, 2, 3]
    assert host.wait_for_end(30)
    (poisoned,) = witness.queue("orders" + POISON).peek_messages()
    assert "deadly" in poisoned.content


def test_an_invocation_that_runs_too_long_takes_the_worker_with_it(witness: Witness) -> None:
    witness.start(**{TIMEOUT: "00:00:06"})
    witness.order("long", seconds=60, once=True)
    witness.diary.wait_for("obey", name="long")
    let_pass(4.5)
    witness.order("beside", seconds=5.5)

    first, again = witness.diary.wait_for("obey", name="beside", count=2)
    witness.diary.wait_for("obey", "ended", name="beside")
    witness.diary.wait_for("obey", "ended", name="long")

    assert [first.dequeued, again.dequeued] == [1, 2]
    assert first.pid != again.pid
    assert [call.dequeued for call in witness.diary.entries("obey", name="long")] == [1, 2]


def test_a_host_told_to_stop_goes_on_while_anything_runs_and_then_ends(witness: Witness) -> None:
    host = witness.start()
    witness.order("running", seconds=5)
    witness.diary.wait_for("obey", name="running")

    host.ask_to_stop()
    let_pass(1)
    witness.order("meanwhile")

    assert host.wait_for_end(GRACE + SLACK)
    assert host.exit_code() == 0
    assert witness.diary.entries("obey", "ended", "running")
    assert witness.diary.entries("obey", "ended", "meanwhile")
    assert witness.there_are("orders") == 0


def test_a_host_told_to_stop_cuts_what_does_not_end(witness: Witness) -> None:
    host = witness.start(**{TIMEOUT: "00:01:00"})
    witness.order("endless", seconds=30)
    witness.diary.wait_for("obey", name="endless")

    told = time.monotonic()
    host.ask_to_stop()

    assert host.wait_for_end(GRACE + SLACK)
    assert time.monotonic() - told > GRACE * 0.8
    assert host.exit_code() == 0
    assert not witness.diary.entries("obey", "ended")
    assert _is_hidden(witness, "orders")


def test_a_drained_host_ends_what_runs_takes_nothing_new_and_answers(witness: Witness) -> None:
    host = witness.start()
    witness.order("running", seconds=5)
    witness.diary.wait_for("obey", name="running")
    assert host.ask("host/drain/status")["state"] == "Disabled"

    host.ask("host/drain", "POST")
    let_pass(1.5)  # What was being asked for at that moment is still taken.
    witness.order("too late")

    witness.diary.wait_for("obey", "ended", name="running")
    wait_until(lambda: _drained(host), host.log)
    ticks = len(witness.diary.entries("tick"))
    let_pass(A_WHILE)
    assert not witness.diary.entries("obey", name="too late")
    assert len(witness.diary.entries("tick")) == ticks
    assert ask(host, "/api/things/1").status_code == 201


def test_a_message_of_a_killed_host_stays_hidden(witness: Witness) -> None:
    host = witness.start()
    witness.order("running", seconds=30)
    witness.diary.wait_for("obey", name="running")

    host.kill()
    witness.start()
    witness.order("after it")

    witness.diary.wait_for("obey", "ended", name="after it")
    let_pass(A_WHILE)
    assert len(witness.diary.entries("obey", name="running")) == 1
    wait_until(lambda: _is_hidden(witness, "orders"), witness.diary.all)


def test_of_two_hosts_with_one_name_one_has_the_timer(witness: Witness) -> None:
    one = {"AzureFunctionsWebHost__hostid": "two-of-one-name"}
    witness.start(**one)
    witness.diary.wait_for("tick", count=2)

    witness.start(**one)
    for number in range(8):
        witness.order(str(number), seconds=1)
    witness.diary.wait_for("obey", "ended", count=8)
    witness.diary.wait_for("tick", count=len(witness.diary.entries("tick")) + 3)

    assert {tick.host for tick in witness.diary.entries("tick")} == {witness.hosts[0].name}
    assert {call.host for call in witness.diary.entries("obey")} == {
        host.name for host in witness.hosts
    }


@pytest.mark.patient
@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_the_timer_goes_to_the_other_host_within_two_minutes(witness: Witness, how: str) -> None:
    one = {"AzureFunctionsWebHost__hostid": f"handover-{how}"}
    first = witness.start(**one)
    witness.diary.wait_for("tick")  # It has the timer before there is another.
    second = witness.start(**one)
    witness.diary.wait_for("tick", count=len(witness.diary.entries("tick")) + 2)

    if how == "killed":
        first.kill()
    else:
        first.ask_to_stop()
    left = time.monotonic()

    while not any(tick.host == second.name for tick in witness.diary.entries("tick")):
        assert time.monotonic() - left < HANDOVER, second.log()
        let_pass(1)
    print(f"\n{witness.kind.name}, {how}: {time.monotonic() - left:.0f} s without a tick")


def test_storage_away_for_a_moment_is_ridden_out(witness: Witness) -> None:
    host = witness.start()
    witness.diary.wait_for("tick")

    witness.azurite.stop()
    let_pass(A_MOMENT)
    witness.azurite.start()
    witness.order("after it")

    witness.diary.wait_for("obey", "ended", name="after it")
    assert not host.has_ended()


@pytest.mark.patient
def test_storage_away_for_a_minute_ends_the_host_and_hides_what_it_held(witness: Witness) -> None:
    host = witness.start()
    witness.order("held", seconds=8)
    witness.diary.wait_for("obey", name="held")

    witness.azurite.stop()
    left = time.monotonic()
    ended = host.wait_for_end(70)
    witness.azurite.start()

    assert ended, host.log()
    assert host.exit_code() == 0
    assert time.monotonic() - left > 15, "it is patient for a while"
    assert witness.diary.entries("obey", "ended", "held")
    assert _is_hidden(witness, "orders")


@pytest.mark.patient
def test_a_tick_missed_while_no_host_ran_is_past_due_once(witness: Witness) -> None:
    minutely = {"AzureFunctionsWebHost__hostid": "minutely", "SCHEDULE": "0 * * * * *"}
    host = witness.start(**minutely)
    (before,) = witness.diary.wait_for("tick", seconds=75)
    host.ask_to_stop()
    assert host.wait_for_end(GRACE + SLACK)

    let_pass(100)
    witness.start(**minutely)

    after = witness.diary.wait_for("tick", count=2, seconds=HANDOVER)[1]
    assert (before.seen["past_due"], after.seen["past_due"]) == (False, True)


def _drained(host: HostProcess) -> bool:
    try:
        return bool(host.ask("host/drain/status")["state"] == "Completed")
    except requests.RequestException:
        return False


def _is_hidden(witness: Witness, queue: str) -> bool:
    """Tell whether the one message of a queue is there and cannot be taken."""
    return witness.there_are(queue) == 1 and not witness.queue(queue).peek_messages()
