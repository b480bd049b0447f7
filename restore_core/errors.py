"""Every error of the app, named for what its catcher should do.

::

    RestoreError
    ├── Unavailable        try later: it was not taken, the same call may be made again
    │   └── NotNow         a little later: it was not even sent, and nothing failed
    ├── Rejected           never: it was understood and refused, asking again will not help
    ├── AnswerLost         unknown: it was sent and no answer came; it may have been obeyed
    ├── Superseded         stop: somebody else has moved this restore on
    ├── MalformedRequest   never: a message that is no restore request
    ├── NothingAsked       nothing: a message in order that asks for no restore
    ├── UnreadableRow      never: a row that this version cannot read
    └── SettingsError      an operator must act: a setting is missing or wrong

No message holds a token, the signed part of a URL or a whole payload.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

THROTTLED: Final = 429
"""The HTTP status of a service that is asked too much."""


@dataclass(frozen=True)
class Problem:
    """What went wrong, in the service's own words, and what a person can do about it."""

    code: str
    message: str
    action: str = ""
    correlation_id: str = ""
    """ARM's `x-ms-correlation-request-id` of the refused call: what Azure support asks for."""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def advised(self, advice: str) -> "Problem":
        """Return it with our own advice after the service's."""
        action = f"{self.action} Here: {advice}" if self.action else advice
        return replace(self, action=action)


class RestoreError(Exception):
    """Whatever the app raises on purpose."""


class _WithProblem(RestoreError):
    def __init__(self, problem: Problem, *, status: int = 0) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.status = status
        """The HTTP status, 0 where there was none."""


class Unavailable(_WithProblem):
    """The call was not taken; the same call may be made again, not before `retry_after`."""

    def __init__(
        self, problem: Problem, *, retry_after: timedelta | None = None, status: int = 0
    ) -> None:
        super().__init__(problem, status=status)
        self.retry_after = retry_after


class NotNow(Unavailable):
    """The call was not sent: the service would take no more of them now. No attempt was made."""

    def __init__(self, problem: Problem, *, retry_after: timedelta) -> None:
        super().__init__(problem, retry_after=retry_after)
        self.until_free = retry_after


class Rejected(_WithProblem):
    """The call or the request was understood and refused; asking again will not help."""


class AnswerLost(_WithProblem):
    """The call was sent and no usable answer came; it may have been obeyed."""


class Superseded(RestoreError):
    """Another worker has saved this restore since it was read."""


class _WithReason(RestoreError):
    def __init__(self, reason: str, request_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.request_id = request_id
        """The request id where the message has a usable one, else ""."""


class MalformedRequest(_WithReason):
    """A message that is no restore request; the text names field, value and remedy."""


class NothingAsked(_WithReason):
    """A message in order that asks for no restore: an alert resolved, an event of another kind."""


class UnreadableRow(RestoreError):
    """A row of the tables that cannot be turned back into a restore."""


class SettingsError(RestoreError):
    """A setting is missing or wrong; the text names each of them."""
