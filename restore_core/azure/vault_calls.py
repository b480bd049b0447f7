"""Reads the Data Protection provider: what must be there, what is polled, every page of a list.

A refusal while polling ends nothing: it is an answer that is none, with the advice that mends it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from restore_core.azure.advice import for_app
from restore_core.azure.arm import Answer, Arm
from restore_core.contract.resource_ids import BackupVaultId
from restore_core.errors import THROTTLED, NotNow, Problem, Rejected, Unavailable
from restore_core.lifecycle.events import Unanswered
from restore_core.lifecycle.states import Plan
from restore_core.loose_json import text_of

MAX_PAGES: Final = 200
"""Pages of a list that are read: 98 jobs came in one page, a vault keeps months of them."""

GONE: Final = frozenset({204, 404, 410})
ENDLESS: Final = Problem(
    "EndlessList",
    "ARM's list is longer than the app reads at once.",
    "Nothing has to be done; with Reader on the vault, the app finds it in Resource Graph instead.",
)
ODD: Final = "OddAnswer"
_NOT_FOUND: Final = 404


@dataclass(frozen=True)
class Page:
    """A page of a list."""

    link: str
    """The link that led to it; "" for the first."""
    items: list[dict[str, Any]]
    next_link: str
    """"" behind the last."""


class VaultCalls:
    """GETs of one provider. Safe for threads."""

    def __init__(
        self,
        arm: Arm,
        clock: Callable[[], datetime],
        *,
        advised: Callable[[Problem, BackupVaultId], Problem] = for_app.refused,
    ) -> None:
        self.arm = arm
        self._clock = clock
        self._advised = advised

    def read(self, path: str, vault: BackupVaultId, missing: str = "") -> Answer:
        """GET what must be there; `missing` is the advice where it is not."""
        try:
            return self.arm.get(path)
        except Rejected as error:
            problem = error.problem
            if error.status == _NOT_FOUND:
                problem = replace(problem, action=missing)
            elif for_app.concerns(error):
                problem = self._advised(problem, vault)
            raise Rejected(problem, status=error.status) from None

    def items(self, path: str, vault: BackupVaultId, missing: str = "") -> Iterator[dict[str, Any]]:
        """Yield the items of every page; raise Unavailable rather than pass off a part as all."""
        for count, page in enumerate(self.pages(path, vault, missing)):
            yield from page.items
            if page.next_link and count >= MAX_PAGES:
                raise Unavailable(ENDLESS)

    def pages(
        self, path: str, vault: BackupVaultId, missing: str = "", *, begin: str = ""
    ) -> Iterator[Page]:
        """Yield page after page, from the first or from the one that `begin` links to."""
        link, seen = begin, set[str]()
        while True:
            answer = self.arm.follow(link) if link else self.read(path, vault, missing)
            page = Page(link, _items(answer.body), text_of(answer.body.get("nextLink")))
            yield page
            if not page.next_link:
                return
            if page.next_link in seen:
                raise Unavailable(ENDLESS)
            seen.add(page.next_link)
            link = page.next_link

    def poll(self, get: Callable[[str], Answer], where: str, plan: Plan) -> Answer | Unanswered:
        """Look at an operation or a job: a refusal while polling ends nothing, it is told.

        Raise NotNow where nobody was asked.
        """
        try:
            return get(where)
        except NotNow:
            raise
        except (Rejected, Unavailable) as error:
            return self.unanswered(error, plan)

    def unanswered(self, error: Rejected | Unavailable, plan: Plan) -> Unanswered:
        """Return the event of a look that brought no answer, with the advice that mends it."""
        forbidden = isinstance(error, Rejected) and for_app.concerns(error)
        return Unanswered(
            for_app.while_waiting(error.problem, plan) if forbidden else error.problem,
            self._clock(),
            error.retry_after if isinstance(error, Unavailable) else None,
            gone=error.status in GONE,
            throttled=error.status == THROTTLED,
        )


def _items(body: dict[str, Any]) -> list[dict[str, Any]]:
    value = body.get("value")
    if not isinstance(value, list):
        raise Unavailable(odd("a list"))
    return [item for item in value if isinstance(item, dict)]


def odd(what: str) -> Problem:
    """Return what is wrong with an answer that cannot be understood."""
    return Problem(ODD, f"ARM's answer about {what} cannot be understood.")
