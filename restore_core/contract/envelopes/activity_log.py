"""An alert on Azure's activity log: how it is known, and whether what it tells of came about. Pure.

Service and resource health are written to that log, too. What such an alert holds as the properties
of its context is Azure's own, of the event; no author of a rule can rename it.
"""

from typing import Any, Final

from restore_core.contract.envelopes.defaults import is_absent
from restore_core.errors import NothingAsked
from restore_core.loose_json import text_of
from restore_core.text import quoted, shown

_SIGNAL: Final = "activitylog"
_SERVICES: Final = ("activitylog", "servicehealth", "resourcehealth")
_OF_AN_EVENT: Final = "eventSource"
"""Stands in the context of each event of the log, and of no other alert."""

# An operation is told when it starts, is accepted and ends, an event of health or security when it
# begins, changes and is over. One word of each says that there is something to restore.
_CAME_ABOUT: Final = ("succeeded", "active")


def is_on_activity_log(essentials: dict[str, Any], context: dict[str, Any]) -> bool:
    """Tell whether an alert is on the activity log, by any of its marks: some are left out."""
    return (
        _written(essentials.get("signalType")) == _SIGNAL
        or _written(essentials.get("monitoringService")).startswith(_SERVICES)
        or _OF_AN_EVENT in context
    )


def require_that_it_came_about(essentials: dict[str, Any], context: dict[str, Any]) -> None:
    """Raise NothingAsked where the activity has not succeeded, or is over."""
    status = context.get("status")
    if is_absent(status) or text_of(status).lower() in _CAME_ABOUT:
        return
    rule = quoted(text_of(essentials.get("alertRule")))
    raise NothingAsked(
        f"The alert of rule {rule} tells of an activity with the status {shown(status)}: only "
        "Succeeded asks, or Active where it is about health or security."
    )


def _written(name: Any) -> str:
    """Return a name as it is compared: `Activity Log` and `ActivityLog` are both written."""
    return text_of(name).replace(" ", "").lower()
