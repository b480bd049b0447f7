"""The simulated cloud as one object: plan its faults, let it answer, ask it what happened.

It has no sockets and no door of its own: `simulator` puts both on top. Everything may be called
from any thread. Times come from `now`; only tokens live by the wall clock, see `identity`.
"""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator import answer_headers, identity
from simulator.accusations import Accusations, Patience, shown
from simulator.arm import Arm
from simulator.buckets import Buckets
from simulator.compute import Compute
from simulator.data_protection import DataProtection
from simulator.exchange import Answer, Call, Reply, Request
from simulator.faults import Fault, Hold
from simulator.graph import Graph
from simulator.habits import ActivityIds, GraphMood, Habits
from simulator.limits import Limits
from simulator.pace import Pace
from simulator.plan import Plan, Planned
from simulator.restores import Restores
from simulator.signed_urls import Signer
from simulator.stage import Stage
from simulator.state_file import StateFile
from simulator.world import World

_ACCEPTED = 202


def _wall_clock() -> datetime:
    return datetime.now(UTC)


class Cloud(Stage):
    """An ARM that speaks Azure Data Protection for disks, and knows nothing of its clients."""

    def __init__(
        self,
        now: Callable[[], datetime] = _wall_clock,
        pace: Pace | None = None,
        *,
        page_size: int | None = None,
        job_list_lag: timedelta = timedelta(0),
        activity_ids: ActivityIds = "client",
        graph: GraphMood = "open",
        graph_lag: timedelta = timedelta(0),
        limits: Limits | None = None,
        token_lifetime: timedelta = timedelta(hours=24),
        state: StateFile | None = None,
        on_call: Callable[[Call], None] = lambda _: None,
        on_accusation: Callable[[str], None] = lambda _: None,
    ) -> None:
        kept = state.load() if state else None
        world = kept.world if kept else World(secret=secrets.token_hex(16))
        self.habits = Habits(
            pace=pace or Pace(),
            page_size=page_size,
            job_list_lag=job_list_lag,
            activity_ids=activity_ids,
            graph=graph,
            graph_lag=graph_lag,
            limits=limits or Limits(),
        )
        super().__init__(now, world, Restores(world, self.habits))
        self.identity = identity.Identity(world.secret, lifetime=token_lifetime)
        self.calls: list[Call] = []
        self.identity_calls: list[Call] = []
        self._accusations = Accusations(kept.accusations if kept else [], self._accused)
        self._patience, self._plan = Patience(), Plan()
        self._state, self._on_call, self._on_accusation = state, on_call, on_accusation
        self._arm = Arm(
            world=world,
            identity=self.identity,
            accusations=self._accusations,
            buckets=Buckets(self.habits, self._accusations),
            graph=Graph(world, self._accusations, self.habits),
            compute=Compute(world),
            data_protection=DataProtection(
                world=world,
                restores=self._restores,
                signer=Signer(world.secret),
                accusations=self._accusations,
                patience=self._patience,
                habits=self.habits,
            ),
        )

    @property
    def accusations(self) -> list[str]:
        """What clients did that no good client does."""
        return self._accusations.all()

    def environment(self, url: str) -> dict[str, str]:
        """Return what a client of that address must find in its environment."""
        return {
            "ARM_ENDPOINT": url,
            "IDENTITY_ENDPOINT": url + identity.PATH,
            "IDENTITY_HEADER": self.identity.header,
        }

    def next(
        self,
        method: str,
        path: str | re.Pattern[str],
        fault: Fault,
        times: int | None = 1,
    ) -> Planned:
        """Let the next such calls meet a fault; `times` None: until `clear_faults`.

        A text is the end of a path, in which `*` stands for one segment; the method may be `*`.
        """
        return self._plan.add(method, path, fault, times)

    def clear_faults(self) -> None:
        """Let nothing more go wrong."""
        self._plan.clear()

    def expire_tokens(self) -> None:
        """Let every token that was issued until now be expired."""
        self.identity.expire_tokens()

    def answer(self, request: Request, hold: Hold) -> Reply:
        """Answer what a client of Azure asks: for a token, or of ARM."""
        is_identity = request.path == identity.PATH
        if not is_identity:
            self._watch(request)
        obey = self._identify(request) if is_identity else self._obey(request)
        fault = self._plan.take(request)
        reply = fault.around(obey, hold) if fault else obey()
        self._note(request, reply, self.identity_calls if is_identity else self.calls)
        return reply

    def changed(self) -> None:
        """Keep the world on disk where that was asked for."""
        if self._state:
            with self._lock:
                self._state.save(self.world, self.accusations)

    def _identify(self, request: Request) -> Callable[[], Answer]:
        return lambda: self.identity.answer(request)

    def _obey(self, request: Request) -> Callable[[], Answer]:
        def obey() -> Answer:
            with self._lock:
                now = self.now()
                settled = self._restores.settle(now)
                answer = self._arm.answer(request, now)
            if settled or answer.status == _ACCEPTED:
                self.changed()
            return answer.with_headers(answer_headers.of(request, now))

        return obey

    def _watch(self, request: Request) -> None:
        with self._lock:
            early = self._patience.missing(request, self.now())
        if early is not None:
            seconds = early.total_seconds()
            self._accuse(request, f"called {seconds:.1f} s before its Retry-After was over")
        if request.client_request_id is None:
            self._accuse(request, "came without x-ms-client-request-id")

    def _accused(self, sentence: str) -> None:
        self._on_accusation(sentence)
        self.changed()

    def _accuse(self, request: Request, deed: str) -> None:
        self._accusations.accuse(f"{shown(request)}: {deed}")

    def _note(self, request: Request, reply: Reply, calls: list[Call]) -> None:
        now, status = self.now(), reply.status if isinstance(reply, Answer) else None
        call = Call(
            method=request.method,
            path=request.path,
            query=request.query,
            at=now,
            status=status,
            client_request_id=request.client_request_id,
            body=_body(request),
        )
        with self._lock:
            calls.append(call)
            if isinstance(reply, Answer) and reply.status != _ACCEPTED:
                self._patience.heed(request, reply, now)
        self._on_call(call)


def _body(request: Request) -> Any:
    return request.json() if request.body else None
