"""The log of a run as a Log Analytics workspace holds it, and KQL run over it.

Tables and columns are those of workspace-based Application Insights. What the app logs is caught
as it logs it; what the host adds (a row for each request, its words about a poisoned message) is
laid out here as the host lays it out.

The engine is duckdb-kql, which refuses what it does not know instead of guessing. It runs every
query of infra/. adxpandas runs none of them: it knows no verbatim strings (`@"..."`).
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, Self

import duckdb
import duckdb_kql

from tests.world import World

SCHEMA: Final = {
    "AppTraces": {
        "TimeGenerated": "datetime",
        "Message": "string",
        "SeverityLevel": "int",
        "OperationName": "string",
        "OperationId": "string",
        "AppRoleName": "string",
        "AppRoleInstance": "string",
        "ItemCount": "int",
        "Properties": "dynamic",
    },
    "AppRequests": {
        "TimeGenerated": "datetime",
        "Name": "string",
        "OperationName": "string",
        "Success": "bool",
        "ResultCode": "string",
        "DurationMs": "real",
        "Url": "string",
        "ItemCount": "int",
        "Properties": "dynamic",
    },
    "StorageQueueLogs": {
        "TimeGenerated": "datetime",
        "OperationName": "string",
        "StatusText": "string",
        "Uri": "string",
        "CallerIpAddress": "string",
        "AuthenticationType": "string",
        "RequesterObjectId": "string",
    },
}
"""The columns of the workspace that matter here."""

POISONED: Final = "Message has reached MaxDequeueCount of 60. Moving message to queue '{queue}'."
"""As the platform's own host logs it, seen there; the number is that of host.json."""

_FUNCTIONS: Final = {"restore-requests": "accept_restore", "restore-steps": "advance_restore"}
_SEVERITIES: Final = {"INFO": 1, "WARNING": 2, "ERROR": 3, "CRITICAL": 4}
_TYPES: Final = {
    "datetime": "TIMESTAMPTZ",
    "string": "VARCHAR",
    "int": "INTEGER",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
}


@dataclass
class Workspace:
    """Rows by table."""

    rows: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {table: [] for table in SCHEMA}
    )

    def trace(self, moment: datetime, message: str, severity: int, function: str) -> None:
        # No two lines are of one microsecond: a process writes one after the other.
        at = moment + timedelta(microseconds=len(self.rows["AppTraces"]))
        row = {"TimeGenerated": at, "Message": message, "SeverityLevel": severity}
        self.rows["AppTraces"].append({**row, "OperationName": function, "ItemCount": 1})

    def request(self, moment: datetime, function: str, *, code: int = 0, success: bool) -> None:
        row = {"TimeGenerated": moment, "Name": function, "OperationName": function}
        told = {"Success": success, "ResultCode": str(code), "ItemCount": 1}
        self.rows["AppRequests"].append({**row, **told})

    @property
    def messages(self) -> list[str]:
        return [row["Message"] for row in self.rows["AppTraces"]]

    def between(self, begin: datetime, end: datetime) -> "Workspace":
        """Return what a query with this time range sees."""
        return Workspace(
            {
                table: [row for row in rows if begin < row["TimeGenerated"] <= end]
                for table, rows in self.rows.items()
            }
        )

    def query(self, kql: str, now: datetime) -> list[dict[str, Any]]:
        """Return the rows that a query gives."""
        with duckdb_kql.connect() as connection:
            for table, columns in SCHEMA.items():
                _create(connection, table, columns, self.rows[table])
            answer = duckdb_kql.kql(connection, kql, query_now=now)
            names = [column[0] for column in answer.description]
            return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _create(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: dict[str, str],
    rows: list[dict[str, Any]],
) -> None:
    known = {name: _TYPES[kind] for name, kind in columns.items() if kind in _TYPES}
    listed = ", ".join(f'"{name}" {kind}' for name, kind in known.items())
    connection.execute(f'CREATE TABLE "{table}" ({listed})')
    if rows:  # By columns, at once: row by row takes seconds.
        marks = ", ".join(f"unnest(?::{kind}[])" for kind in known.values())
        values = [[row.get(name) for row in rows] for name in known]
        connection.execute(f'INSERT INTO "{table}" SELECT {marks}', values)


class LoggedWorld(World):
    """A world whose log is kept as the workspace would have it."""

    def __init__(self, **options: Any) -> None:
        self.workspace = Workspace()
        self._handler = _Handler(self)
        super().__init__(**options)

    def __enter__(self) -> Self:
        """Hear the log, and no other world that is still open any more: its run is over."""
        log = logging.getLogger("restore")
        log.handlers = [one for one in log.handlers if not isinstance(one, _Handler)]
        log.addHandler(self._handler)
        log.setLevel(logging.INFO)
        return super().__enter__()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        logging.getLogger("restore").removeHandler(self._handler)
        super().__exit__(kind, *rest)

    @property
    def function(self) -> str:
        """The function that runs, or ran last."""
        name = self.invocations[-1][0] if self.invocations else "poll_restores"
        return _FUNCTIONS.get(name, name)

    def tick_now(self) -> None:
        super().tick_now()
        self.workspace.request(self.clock(), "poll_restores", success=True)

    def answer_http(self, function: str, status: HTTPStatus) -> None:
        """Lay out what the host logs of a call over HTTP."""
        self.workspace.request(
            self.clock(), function, code=status, success=status < HTTPStatus.BAD_REQUEST
        )

    def _invoke(self, name: str, function: Any, message: Any) -> None:
        before = len(self.queue(f"{name}-poison").messages)
        super()._invoke(name, function, message)
        poisoned = len(self.queue(f"{name}-poison").messages) > before
        held = any(m.id == message.id for m in self.queue(name).messages)
        self.workspace.request(self.clock(), self.function, success=not (poisoned or held))
        if poisoned:
            told = POISONED.format(queue=f"{name}-poison")
            self.workspace.trace(self.clock(), told, _SEVERITIES["WARNING"], self.function)


class _Handler(logging.Handler):
    def __init__(self, world: LoggedWorld) -> None:
        super().__init__()
        self._world = world

    def emit(self, record: logging.LogRecord) -> None:
        world, severity = self._world, _SEVERITIES[record.levelname]
        world.workspace.trace(world.clock(), record.getMessage(), severity, world.function)
