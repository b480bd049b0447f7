"""The whole app in one process before hostile input: everything it does is kept and judged.

`World` with lawful tables and a wire instead of sockets. One arena serves many examples: `reset`
gives it fresh storage, a fresh simulator and a fresh worker.
"""

import json
import logging
import re
from datetime import timedelta
from typing import Any

from restore_core.azure.arm import Arm
from restore_core.contract.queue_names import EVENTS
from simulator import Simulator
from simulator.exchange import Answer, Request
from tests import builders
from tests.fakes import NOON, Io, ManualClock, MemoryQueues, OneAfterTheOther
from tests.hostile.lawful import LawfulTables
from tests.hostile.wire import ENDPOINT, HOST, Hostility, Wire, honest
from tests.world import AToken, World

SIGNED = re.compile(r"[?&][tcsh]=[\w%-]{10}")
HOME = re.compile(r"([a-z0-9-]+\.)*management\.azure\.com(:443)?")
ALLOWED_SOURCE = f"/subscriptions/{builders.SUBSCRIPTION}/"
GRAPH = "/providers/Microsoft.ResourceGraph/resources"
TABLES = ("RecoveryServicesResources", "Resources")
MOST_ROWS = 1_000  # a page
ALLOWED_TARGET = re.compile(
    re.escape(builders.TARGET_GROUP) + r"/providers/Microsoft\.Compute/disks/[A-Za-z0-9_.-]{1,80}",
    re.IGNORECASE,
)


class Arena(World):
    """One deployment, judged."""

    def __init__(self, allow: str = builders.ALLOW) -> None:
        self.log = _Log()
        super().__init__(allow=allow)
        self.server.close()
        self.reset()

    def reset(self, allow: str = builders.ALLOW) -> None:
        """Begin anew, as if nothing had ever been sent."""
        self.allow = allow
        self.clock = ManualClock(NOON)
        self.io = Io()
        self.tables = LawfulTables(self.io)
        self.queues = MemoryQueues(self.io, self.clock)
        self.simulator = Simulator(now=self.clock)
        self.wire = Wire(self.simulator)
        self.token = self._fresh_token()
        self.next_tick = NOON
        self.invocations = []
        self.most_calls = 0
        self.failures: list[BaseException] = []
        self.log.records.clear()
        self.instance = self.protect()
        self.deploy()
        self.engine.sweep.tick(OneAfterTheOther())
        self.io.calls.clear()

    def arm(self) -> Arm:
        if not hasattr(self, "wire"):
            return super().arm()
        arm = Arm(ENDPOINT, self, api_version=self.api_version, clock=self.clock)
        arm._session.mount("https://", self.wire.adapter())
        arm._session.mount("http://", self.wire.adapter())
        return arm

    def get_token(self, *_scopes: str) -> AToken:
        """Be the credential."""
        return self.token

    def answer_with(self, answers: Hostility) -> None:
        """Let ARM's answers be what `answers` makes of them."""
        self.wire.answers = answers

    def be_honest(self) -> None:
        """Let ARM answer as it should again."""
        self.wire.answers = honest

    def tick_now(self) -> None:
        before = len(self.wire.sent)
        try:
            super().tick_now()
        except Exception as error:  # noqa: BLE001  kept and judged
            self.failures.append(error)
        self.most_calls = max(self.most_calls, len(self.wire.sent) - before)

    def _accept(self, message: Any) -> None:
        self._watched(super()._accept, message)

    def _advance(self, message: Any) -> None:
        self._watched(super()._advance, message)

    def _watched(self, function: Any, message: Any) -> None:
        before = len(self.wire.sent)
        try:
            function(message)
        except Exception as error:
            self.failures.append(error)
            raise
        finally:
            self.most_calls = max(self.most_calls, len(self.wire.sent) - before)

    def _fresh_token(self) -> AToken:
        headers = {"x-identity-header": self.simulator.identity.header, "host": HOST}
        target = f"/msi/token?resource={ENDPOINT}&api-version=2019-08-01"
        answer = self.simulator.answer(Request("GET", target, headers), lambda _: None)
        assert isinstance(answer, Answer)
        held = json.loads(answer.body)
        # Tokens live by the wall clock, this world does not: it shall never ask for another.
        return AToken(held["access_token"], int((NOON + timedelta(days=365)).timestamp()))

    # --------------------------------------------------------------------------- the judgement

    def results(self) -> list[dict[str, Any]]:
        return self.rows("RestoreResults")

    def judge(self) -> None:
        """Fail where anything was done that may never be done."""
        assert self.failures == [], "an exception left a function"
        assert self.tables.refused == [], "a row was written that no table takes"
        self.judge_calls()
        self.judge_texts()

    def judge_calls(self) -> None:
        for sent in self.wire.sent:
            assert sent.url.startswith("https://"), sent.url
            assert HOME.fullmatch(sent.host), f"a call to {sent.host}"
            if sent.path == GRAPH:
                self._judge_query(json.loads(sent.body))
            elif sent.method == "POST":
                assert sent.path.lower().startswith(ALLOWED_SOURCE), sent.path
                body = json.loads(sent.body)
                info = body.get("restoreRequestObject", body)["restoreTargetInfo"]
                assert info["recoveryOption"] == "FailIfExists"
                assert ALLOWED_TARGET.fullmatch(info["datasourceInfo"]["resourceID"])

    def _judge_query(self, body: dict[str, Any]) -> None:
        """Fail where the question is larger than the rules, or its answer without an end."""
        assert set(body) == {"subscriptions", "query", "options"}
        assert body["subscriptions"] == [builders.SUBSCRIPTION.lower()]
        assert body["query"].split()[0] in TABLES
        assert body["options"]["$top"] <= MOST_ROWS

    def judge_texts(self) -> None:
        """Rows and log lines stay one line, and hold neither token nor signature."""
        texts = [
            (f"{table}.{column}", value)
            for table in self.tables.tables
            for row in self.rows(table)
            for column, value in row.items()
            if isinstance(value, str)
        ]
        texts += [("log", line) for line in self.log.lines()]
        texts += [("an event", event.content) for event in self.queue(EVENTS).messages]
        for where, text in texts:
            assert text.isprintable() or len(text.splitlines()) <= 1, f"{where}: {text!r}"
            assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text), where
            assert self.token.token not in text, f"the token stands in {where}"
            assert not SIGNED.search(text) or where == "Restores.operationUrl", where


class _Log(logging.Handler):
    """Keeps what the app logs."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records: list[logging.LogRecord] = []
        for name in ("restore", "restore_core"):
            logging.getLogger(name).addHandler(self)
            logging.getLogger(name).setLevel(logging.INFO)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def lines(self) -> list[str]:
        """Return the lines as a handler would write them."""
        return [self.format(record) for record in self.records]
