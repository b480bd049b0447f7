"""What becomes of an effect that goes wrong inside the app, and of a claim that grew stale."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from restore_core.engine.performer import Performer
from restore_core.errors import Problem, Rejected, Unavailable
from restore_core.lifecycle import pace
from restore_core.lifecycle.effects import Effect, Prepare, Settle, Trigger, Validate
from restore_core.lifecycle.events import (
    Event,
    Refused,
    Settled,
    TriggerClaimed,
    Unanswered,
    ValidationSucceeded,
)
from restore_core.lifecycle.policy import Policy
from restore_core.lifecycle.restore import Restore
from restore_core.lifecycle.rules import Rules
from restore_core.lifecycle.states import Accepted, Ending, Ready, Triggering, Validated, Wait
from tests.builders import (
    A_PROBLEM,
    a_claim,
    a_claimed_plan,
    a_plan,
    a_restore,
    an_outcome,
)
from tests.fakes import NOON, ManualClock


@dataclass
class Answering:
    """A vault, and tables, that answer every call alike: with a value or an error."""

    answer: Any
    calls: list[str] = field(default_factory=list)

    @property
    def results(self) -> Any:
        return self

    restores = schedule = targets = sources = results

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any) -> Any:
            self.calls.append(name)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return call


def a_performer(answer: Any, *, allow: str = "* => *", clock: Any = None) -> Performer:
    return Performer(
        tables=Answering(answer),
        vault=Answering(answer),  # type: ignore[arg-type]
        rules=Rules(Policy.parse(allow)),
        clock=clock or ManualClock(NOON),
    )


def performed(answer: Any, effect: Effect, restore: Restore) -> Event:
    return a_performer(answer).perform(effect, restore)


READY = a_restore(Ready(a_plan(), Wait(NOON)))
ENDING = a_restore(Ending(an_outcome(), a_plan()))


def test_an_answer_is_handed_on_as_the_event_it_is() -> None:
    assert performed(ValidationSucceeded(NOON), Validate(), READY) == ValidationSucceeded(NOON)


def test_a_refusal_becomes_an_event() -> None:
    assert performed(Rejected(A_PROBLEM), Prepare(), a_restore()) == Refused(A_PROBLEM, NOON)


def test_an_outage_becomes_an_event_with_its_retry_after() -> None:
    outage = Unavailable(A_PROBLEM, retry_after=timedelta(seconds=7))

    event = performed(outage, Validate(), READY)

    assert event == Unanswered(A_PROBLEM, NOON, timedelta(seconds=7))


def test_a_bug_becomes_an_event_so_that_the_restore_grows_too_old_at_last(
    caplog: pytest.LogCaptureFixture,
) -> None:
    event = performed(KeyError("https://h/o?s=signature"), Validate(), READY)

    assert isinstance(event, Unanswered)
    assert event.problem.code == "InternalError"
    assert "KeyError" in event.problem.message
    assert "step.failed requestId=r1 error=KeyError" in caplog.text
    assert "signature" not in caplog.text + str(event)


@pytest.mark.parametrize("error", [Unavailable(A_PROBLEM), KeyError("x")])
def test_an_end_that_cannot_be_written_is_raised_and_never_changed(error: Exception) -> None:
    with pytest.raises(type(error)):
        performed(error, Settle(release=True), ENDING)


def test_without_an_outcome_no_result_is_written() -> None:
    tables, performer = Answering(None), a_performer(None)
    performer._store = tables  # type: ignore[assignment]

    event = performer.perform(Settle(release=True), a_restore())

    assert event == Settled(NOON)
    assert tables.calls == []


def test_a_trigger_is_never_performed_without_a_claim_before_it() -> None:
    vault = Answering(None)
    performer = a_performer(None)
    performer._vault = vault  # type: ignore[assignment]

    event = performer.perform(Trigger(), a_restore(Validated(a_plan(), Wait(NOON))))

    assert isinstance(event, Unanswered)
    assert vault.calls == []


def test_an_effect_that_needs_a_plan_does_nothing_without_one() -> None:
    event = performed(None, Validate(), a_restore(Accepted(Wait(NOON))))

    assert isinstance(event, Unanswered)
    assert event.problem == Problem(
        "InternalError",
        "The app failed with AssertionError; it tries again.",
        event.problem.action,
    )


# -------------------------------------------------------------------------- the claim

VALIDATED = a_restore(Validated(a_plan(), Wait(NOON)))


def test_every_claim_has_an_id_of_its_own() -> None:
    performer = a_performer(None)

    claims = [performer.claim(VALIDATED) for _ in range(3)]

    ids = {event.claim.request_id for event in claims if isinstance(event, TriggerClaimed)}
    assert len(ids) == 3


def test_the_policy_is_judged_once_more_before_a_claim() -> None:
    event = a_performer(None, allow="").claim(VALIDATED)

    assert isinstance(event, Refused)
    assert event.problem.code == "NotAllowed"


@pytest.mark.parametrize(
    ("took", "posts"), [(timedelta(), 1), (pace.CLAIM_FRESH, 1), (pace.CLAIM_FRESH * 1.01, 0)]
)
def test_a_claim_whose_saving_took_too_long_sends_no_post(took: timedelta, posts: int) -> None:
    clock = ManualClock(NOON)
    performer = a_performer(ValidationSucceeded(NOON), clock=clock)
    claimed = a_restore(Triggering(a_claimed_plan(a_claim(NOON)), Wait(NOON)))
    clock.now += took

    event = performer.trigger(claimed)

    assert (event is not None) == bool(posts)
