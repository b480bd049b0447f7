"""Publishes the contract as JSON Schema: `python -m tools.schemas` writes schemas/*.schema.json.

Nothing is copied by hand: the request comes from its model and what hangs on its fields, the result
from the public columns, the event from the stages and the result. `--check` writes nothing and
fails when a schema is out of date.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from restore_core.contract.origin import Origin
from restore_core.contract.request import RestoreRequest
from restore_core.contract.withdrawal import Withdrawal
from restore_core.engine.columns import PUBLIC
from restore_core.engine.notices import SOURCE, TYPE
from restore_core.engine.set_columns import OF_NUMBERS
from restore_core.lifecycle import states
from restore_core.lifecycle.outbox import Stage
from restore_core.lifecycle.sets import ALREADY_BACK, NOT_PROTECTED
from restore_core.lifecycle.status import Status
from restore_core.reading.expectation import BY_RECORD, BY_VAULT
from restore_core.reading.items import ADDED
from restore_core.reading.summary import PHASES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Schema = dict[str, Any]

FOLDER: Final = Path(__file__).parent.parent / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

UNDER_WAY: Final = tuple(
    kind.__name__ for kind in get_args(states.Waiting) if kind is not states.Guarding
)
"""What `status` may be before the end; a restore that is only guarded has ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the schemas, or say which are out of date."""
    parser = argparse.ArgumentParser(prog="python -m tools.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when a schema is out of date")
    check = parser.parse_args(arguments).check
    written = {FOLDER / f"{name}.schema.json": printed(made) for name, made in schemas().items()}
    stale = [file for file, text in written.items() if not _holds(file, text)]
    stale += sorted(set(FOLDER.glob("*.schema.json")) - set(written))
    if check:
        for file in stale:
            print(f"{file.name} is out of date: run `python -m tools.schemas`.", file=sys.stderr)  # noqa: T201
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for file in stale:
        if file in written:
            file.write_text(written[file], encoding="utf-8")
        else:
            file.unlink()
    return 0


def schemas() -> dict[str, Schema]:
    """Return every schema by its name."""
    return {
        "restore-request.v1": request(),
        "restore-withdrawal.v1": withdrawal(),
        "restore-event.v1": event(),
        "restore-result.v1": result(),
        "restore-list.v1": listing(),
        "restore-summary.v1": summary(),
    }


def printed(schema: Schema) -> str:
    """Return a schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _holds(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text


# -------------------------------------------------------------------------------- the request


def request() -> Schema:
    """Return the schema of the native message, decoded."""
    model = RestoreRequest.model_json_schema()
    return {
        **_head(
            "request",
            "A restore request",
            "The native message on the queue restore-requests: one JSON object of at most 64 KiB, "
            "UTF-8, plain or base64. null and the empty text mean that a field is absent, except "
            "in recoveryPointId and pointInTime. Names that begin with $ are passed over.",
        ),
        **_modelled(model),
        "allOf": model["allOf"],
    }


def withdrawal() -> Schema:
    """Return the schema of the native message that withdraws another, decoded."""
    return {
        **_head(
            "withdrawal",
            "A withdrawal of a restore request",
            "The other native message on the queue restore-requests, wrapped as a request is. It "
            "holds no field of a request but these. null and the empty text mean that requestedBy "
            "or reason is absent. Names that begin with $ are passed over.",
        ),
        **_modelled(Withdrawal.model_json_schema()),
    }


def _modelled(model: Schema) -> Schema:
    return {
        "required": model["required"],
        "properties": {name: _field(field) for name, field in model["properties"].items()},
        "patternProperties": model["patternProperties"],
        "additionalProperties": model["additionalProperties"],
    }


def _field(field: Schema) -> Schema:
    """Return a property without what pydantic says of its Python name and default."""
    text = " ".join(field["description"].split())
    rest = {name: value for name, value in field.items() if name not in {"title", "description"}}
    if rest.get("default", ...) is None:
        del rest["default"]
    return {"description": text, **rest}


# --------------------------------------------------------------------------------- the result


def result() -> Schema:
    """Return the schema of a restore as HTTP shows it."""
    return {
        **_head(
            "result",
            "Where a restore stands, or how it ended",
            "What GET /api/restores/{requestId} answers, what an element of `value` of GET "
            "/api/restores is, and the data of an event. What does not apply is absent. A receiver "
            "must pass over what it does not know: columns may be added.",
        ),
        **_columns(),
    }


def _columns() -> Schema:
    return {
        "required": ["ended", "status"],
        "properties": {
            "ended": {
                "description": "Whether this is the end. Ask this, not status: Validated is an "
                "outcome, and a state on the way.",
                "type": "boolean",
            },
            **{
                name: {"description": column.text, **_KINDS[column.kind], **_NARROWER.get(name, {})}
                for name, column in PUBLIC.items()
            },
        },
        "if": {"properties": {"ended": {"const": True}}},
        "then": {
            "required": ["completedAt"],
            "properties": {"status": {"enum": [status.value for status in Status]}},
        },
        "else": {
            "not": {"required": ["completedAt"]},
            "properties": {"status": _today(UNDER_WAY)},
        },
    }


_KINDS: Final[dict[type, Schema]] = {
    str: {"type": "string"},
    int: {"type": "integer", "minimum": 0},
    datetime: {
        "type": "string",
        "format": "date-time",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
    },
}


def _today(names: Iterable[str]) -> Schema:
    """Return the schema of a name of which there may be more in time."""
    return {"anyOf": [{"enum": list(names)}, {"type": "string"}]}


_NUMBERS: Final[Schema] = {
    "type": "object",
    "additionalProperties": {"type": "integer", "minimum": 0},
}
_NARROWER: Final[dict[str, Schema]] = {
    "origin": _today(origin.value for origin in Origin),
    **dict.fromkeys(OF_NUMBERS, _NUMBERS),
    "messageSha256": {"pattern": "^[0-9a-f]{64}$"},
}
"""What is known of some columns besides their kind."""


# ----------------------------------------------------------------- the list and the summary


def listing() -> Schema:
    """Return the schema of a list of restores, as HTTP and `restorectl ls` tell it."""
    columns = _columns()
    added = {name: {"description": c.text, **_KINDS[c.kind]} for name, c in ADDED.items()}
    added["expectedBy"] |= _today((BY_VAULT, BY_RECORD))
    item = {
        "type": "object",
        **columns,
        "required": [*columns["required"], "rowId"],
        "then": {
            "required": ["completedAt"],
            "properties": {"status": {"enum": [*Status, NOT_PROTECTED, ALREADY_BACK]}},
        },
        "properties": columns["properties"] | added,
    }
    return {
        **_head(
            "list",
            "Restores, the newest first",
            "What GET /api/restores answers where it is asked for state, since, until, vault or "
            "partOf, and what `restorectl ls -o json` prints.",
        ),
        "required": ["value", "asOf"],
        "properties": {
            "value": {"type": "array", "items": {"$ref": "#/$defs/item"}},
            "asOf": {"description": "When it was told.", **_KINDS[datetime]},
            "nextLink": {"description": "What asks for the older ones.", "type": "string"},
        },
        "$defs": {"item": item},
    }


def summary() -> Schema:
    """Return the schema of what restores come to, as HTTP and `restorectl stats` tell it."""
    number, spread = _KINDS[int], {"$ref": "#/$defs/spread"}
    spreads = {"durationSeconds": spread, "recoveryPointAgeSeconds": spread}
    counts = {"type": "object", "additionalProperties": number}
    phases = (*PHASES, "other")
    vault = {"vaultId": {"type": "string"}, "count": number, **spreads}
    day = {
        "day": {"type": "string", "format": "date"},
        "counts": counts,
        **spreads,
        "phases": _object(dict.fromkeys(phases, number)),
    }
    reason = {"errorCode": {"type": "string"}, "count": number}
    return {
        **_head(
            "summary",
            "What the restores of some time come to",
            "What GET /api/summary answers, and what `restorectl stats -o json` prints. Durations, "
            "ages and phases are of restores that brought a disk back.",
        ),
        **_object(
            {
                **dict.fromkeys(("asOf", "since", "until"), _KINDS[datetime]),
                **dict.fromkeys(("total", "open", "sets"), number),
                "counts": counts,
                **spreads,
                "phases": _object(dict.fromkeys(phases, spread)),
                "slowest": _list({"requestId": {"type": "string"}, "durationSeconds": number}),
                "reasons": _list(reason),
                "vaults": _list(vault),
                "days": _list(day),
            }
        ),
        "$defs": {"spread": _spread(number)},
    }


def _spread(number: Schema) -> Schema:
    """Return the schema of a spread: of nothing, it only says that."""
    names = ("count", "p50", "p95", "longest")
    some = {"properties": {"count": {"minimum": 1}}, "required": list(names)}
    return {
        "type": "object",
        "properties": dict.fromkeys(names, number),
        "required": ["count"],
        "anyOf": [some, {"properties": {"count": {"const": 0}}}],
    }


def _object(properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": _object(of)}


# ---------------------------------------------------------------------------------- the event


def event() -> Schema:
    """Return the schema of what is sent at each public transition."""
    ends = [_type_of(stage) for stage in Stage if stage.is_final]
    others = [_type_of(stage) for stage in Stage if not stage.is_final]
    return {
        **_head(
            "event",
            "A restore has come to a stage",
            "A message of the queue restore-events: a CloudEvent 1.0. It may come twice, with the "
            "same id, and the events of a restore in any order: sequence restores it. A receiver "
            "must pass over what it does not know: stages and columns may be added.",
        ),
        "required": [*_ATTRIBUTES, "data"],
        "properties": {
            **_ATTRIBUTES,
            "type": {"type": "string", **_today((*others, *ends))},
            "data": {
                "description": "The restore at this stage, without messageText.",
                "$ref": "#/$defs/result",
            },
        },
        "allOf": [_data_of(ends, ended=True), _data_of(others, ended=False)],
        "$defs": {"result": {"type": "object", **_columns()}},
    }


_ATTRIBUTES: Final[Schema] = {
    "specversion": {"const": "1.0"},
    "id": {
        "description": "Of this event: the same whenever it is sent again.",
        "type": "string",
        "pattern": "/[1-9][0-9]*$",
    },
    "source": {"const": SOURCE},
    "type": {},
    "subject": {
        "description": "The requestId, or the key of a message that never became a restore.",
        "type": "string",
        "minLength": 1,
    },
    "time": {"description": "When the restore came to this stage.", **_KINDS[datetime]},
    "sequence": {
        "description": "Counts the events of a subject from 0001, to be compared as text.",
        "type": "string",
        "pattern": "^[0-9]{4,}$",
    },
    "datacontenttype": {"const": "application/json"},
}


def _type_of(stage: Stage) -> str:
    return TYPE.format(stage=stage.value)


def _data_of(types: list[str], *, ended: bool) -> Schema:
    data = {"properties": {"ended": {"const": ended}}}
    return {
        "if": {"properties": {"type": {"enum": types}}},
        "then": {"properties": {"data": data}},
    }


def _head(name: str, title: str, description: str) -> Schema:
    return {
        "$schema": DIALECT,
        "$id": f"urn:azure-disk-restore:restore-{name}:v1",
        "title": title,
        "description": description,
        "type": "object",
    }


if __name__ == "__main__":
    sys.exit(main())
