"""What receivers are sent: a CloudEvent for each notice. Pure.

A storage queue keeps no order and may deliver twice: `sequence` restores the one (CloudEvents'
Sequence extension: text, to be compared as text), and an `id` that is the same at every attempt
shows the other.
"""

import json
import re
from datetime import datetime
from typing import Final

from restore_core.engine.column import Row
from restore_core.engine.columns import as_json, columns, problem_columns, refused_row, result_row
from restore_core.engine.ports import RefusedMessage
from restore_core.lifecycle.outbox import Notice, Stage
from restore_core.lifecycle.restore import Restore
from restore_core.text import utc_text

SOURCE: Final = "azure-disk-restore"
TYPE: Final = "azure-disk-restore.restore.{stage}.v1"
"""`v1` is the version of the data: what a receiver relies on changes under another name only."""

_NO_XML: Final = re.compile("[\ufffe\uffff]")
"""What cannot stand in a queue message, which travels in XML; a row can hold it."""
_OF_THE_END: Final = frozenset(
    {"completedAt", "errorCode", "errorMessage", "jobStatus", "recommendedAction"}
)
"""What an event on the way does not tell, also where the end is known when it is sent."""


def cloud_event(restore: Restore, notice: Notice) -> str:
    """Return the CloudEvent of one notice, as JSON text."""
    if restore.outcome is not None and notice.stage.is_final:
        data = result_row(restore, restore.outcome)
    else:
        known = columns(restore).items()
        data = {name: value for name, value in known if name not in _OF_THE_END}
        data["status"] = notice.stage[0].upper() + notice.stage[1:]
        data |= problem_columns(notice.problem)
    return _as_text(restore.id, notice.stage, notice.sequence, notice.at, data)


def cloud_event_of_refused(message: RefusedMessage) -> str:
    """Return the CloudEvent of a message that never became a restore: its first and only one.

    Without the message's text, which may hold anything: who has a right to it reads the table.
    """
    row = refused_row(message)
    return _as_text(row["RowKey"], Stage.REJECTED, 1, message.at, row)


def _as_text(subject: str, stage: Stage, sequence: int, at: datetime, data: Row) -> str:
    event = {
        "specversion": "1.0",
        "id": f"{subject}/{sequence}",
        "source": SOURCE,
        "type": TYPE.format(stage=stage.value),
        "subject": subject,
        "time": utc_text(at),
        "sequence": f"{sequence:04}",
        "datacontenttype": "application/json",
        "data": {name: value for name, value in as_json(data).items() if name != "messageText"},
    }
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
