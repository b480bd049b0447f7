"""Whether the app could restore, as it finds out by reading alone. Changes nothing, ends in time.

What was not reached when the time is over is told as that: the looks go on in threads of their own
until their calls end, and hold up nobody but the next who asks.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any, Final

from restore_core.engine.checks import Check, Findings, Look, Looks, Sample, Verdict
from restore_core.engine.log import log_failure
from restore_core.errors import SettingsError
from restore_core.reading import doctor_settings
from restore_core.reading.exchange import Query, Reply
from restore_core.reading.replies import answered, json_reply
from restore_core.settings import Examined, Settings
from restore_core.text import MAX_ADVICE, one_line, utc_text
from restore_core.version import VERSION

BUDGET: Final = 15.0
"""Seconds of looking. With a worker's first import the answer is there within 20."""
THREADS: Final = 16
"""Looks that go on at once: each waits, most of the time."""


class Doctor:
    """Examines the app it runs in. Safe for threads; never raises."""

    def __init__(
        self,
        examined: Callable[[], Examined],
        looks: Callable[[Settings], Looks],
        clock: Callable[[], datetime],
        *,
        budget: float = BUDGET,
    ) -> None:
        self._examined = examined
        self._looks = looks
        self._clock = clock
        self._budget = budget
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="doctor")

    def answer(self, query: Query) -> Reply:
        """Look at everything, and tell what was found and what to do."""
        return answered(query, self._answer)

    def _answer(self, _query: Query) -> Reply:
        begun = self._clock()
        examined = self._examined()
        checks = doctor_settings.checks(examined)
        looked = self._examination(examined) if not examined.faults else _not_looked()
        checks += looked.checks
        body = {
            "ok": all(check.verdict is not Verdict.FAILED for check in checks),
            "version": VERSION,
            "at": utc_text(begun),
            "tookSeconds": round((self._clock() - begun).total_seconds(), 1),
            "checks": [_check(check) for check in checks],
            "settings": [doctor_settings.shown(told) for told in examined.told],
            "samples": [_sample(sample) for sample in looked.samples],
        }
        return json_reply(body)

    def _examination(self, examined: Examined) -> Findings:
        try:
            looks = self._looks(examined.settings)
        except SettingsError as error:
            return Findings([doctor_settings.wrong(str(error))])
        token = self._pool.submit(_taken, looks.token())
        begun = [(looks.token().name, token)]
        begun += [(look.name, self._pool.submit(_taken, look)) for look in looks.storage()]
        begun += [(look.name, self._pool.submit(_behind, token, look)) for look in looks.arm()]
        wait([future for _, future in begun], timeout=self._budget)
        found = [self._found(name, future) for name, future in begun]
        return Findings(
            [check for one in found for check in one.checks],
            [sample for one in found for sample in one.samples],
        )

    def _found(self, name: str, future: Future[Findings]) -> Findings:
        if future.done():
            return future.result()
        future.cancel()
        found = f"Not reached: no answer within {self._budget:g} s."
        action = (
            "Ask again. If it stays so, something on the way takes calls and answers none: a "
            "firewall, a proxy, or a private endpoint that leads nowhere."
        )
        return Findings([Check(name, Verdict.FAILED, found, action)])


def _taken(look: Look) -> Findings:
    try:
        return look.take()
    except Exception as error:  # noqa: BLE001  one look that fails stops no other
        log_failure("-", error)
        action = "step.failed in the app's log says where; report it as a bug."
        return Findings([Check(look.name, Verdict.FAILED, "The look itself failed.", action)])


def _behind(token: Future[Findings], look: Look) -> Findings:
    """Take a look that is of use only with a token: it is asked for before all others."""
    if all(check.verdict is Verdict.OK for check in token.result().checks):
        return _taken(look)
    return Findings(
        [Check(look.name, Verdict.SKIPPED, "Not looked at: there is no token for ARM.")]
    )


def _not_looked() -> Findings:
    found = "Not looked at: the app does nothing before its settings are right."
    names = ("storage", "token for ARM", "vaults", "Resource Graph")
    return Findings([Check(name, Verdict.SKIPPED, found) for name in names])


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "outcome": check.verdict.value,
        "found": one_line(check.found),
        "action": one_line(check.action, MAX_ADVICE),
    }


def _sample(sample: Sample) -> dict[str, Any]:
    return {
        "vaultId": str(sample.instance.vault),
        "backupInstanceId": str(sample.instance),
        "targetResourceGroupId": str(sample.target) if sample.target else None,
    }
