"""`send`: a request onto the queue, checked by the app's own contract before it goes."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from restore_core.contract.envelopes import reader
from restore_core.contract.moments import moment_of as contract_moment
from restore_core.contract.resource_ids import DiskId, InvalidId
from restore_core.contract.withdrawal import Withdrawal
from restore_core.errors import MalformedRequest, NothingAsked, Rejected
from restore_core.loose_json import object_of
from restore_core.reading.wanted import moment_of
from restore_core.text import quoted, utc_text
from restorectl import options, person, screen
from restorectl.exits import Exit, Trouble
from restorectl.progress import Progress
from restorectl.recorded import is_attached
from restorectl.session import clock, explained, opened

if TYPE_CHECKING:
    from datetime import datetime

    from restore_core.contract.origin import Asked
    from restorectl.session import Session

SET_FIELDS: Final = ("sourceVirtualMachineId", "sourceResourceGroupId", "sourceDiskIds")
"""What makes a request one for more than one disk."""
STDIN: Final = "-"
_OTHERS: Final = (
    "Send FILE, or options that make a request, not both; --id alone gives FILE another id."
)


def send(
    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="A message as JSON; - reads it from stdin.")
    ] = "",
    account: options.Account = "",
    *,
    disk: Annotated[
        list[str] | None,
        typer.Option("--disk", metavar="ID", help="The disk's ARM id; again for a set."),
    ] = None,
    machine: Annotated[
        str, typer.Option("--machine", metavar="ID", help="All disks of this virtual machine.")
    ] = "",
    group: Annotated[
        str,
        typer.Option("--group", metavar="ID", help="All protected disks of this resource group."),
    ] = "",
    instance: Annotated[
        str, typer.Option("--instance", metavar="ID", help="The backup instance, for the disk.")
    ] = "",
    to: Annotated[
        str,
        typer.Option("--to", metavar="ID", help="The new disk's ARM id, or its resource group's."),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", help="The new disk's name, where --to is a group.")
    ] = "",
    suffix: Annotated[
        str, typer.Option("--suffix", help="Ends the names of a set's new disks.")
    ] = "",
    vault: Annotated[
        str, typer.Option("--vault", metavar="ID", help="The vault that protects it.")
    ] = "",
    at: Annotated[
        str,
        typer.Option(
            "--at", metavar="WHEN", help="The newest point at or before: 24h, a time, latest."
        ),
    ] = "",
    point: Annotated[str, typer.Option("--point", help="This recovery point, by its id.")] = "",
    not_after: Annotated[
        str, typer.Option("--not-after", metavar="TIME", help="Not wanted any more from then on.")
    ] = "",
    expected: Annotated[
        int | None, typer.Option("--expected", help="How many disks a set must have.", min=1)
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Although it is being restored, or was a moment ago.")
    ] = False,
    validate_only: Annotated[
        bool, typer.Option("--validate-only", help="Rehearse: restore nothing.")
    ] = False,
    request_id: Annotated[
        str, typer.Option("--id", help="The requestId, also in place of FILE's; else one is made.")
    ] = "",
    by: Annotated[str, typer.Option("--by", help="Who asks; else your user's name.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check and print the message; send nothing.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end; the exit code says how it went.")
    ] = False,
    every: options.Every = 5,
    timeout: options.Timeout = 1440,
    yes: options.Yes = False,
) -> None:
    """Send a request: a file, or what the options say. Prints its id.

    An id that was used is not sent again: another request's is refused, with how that ended. The
    same message again is, too, unless you --wait for its end or say --yes.
    """
    session = None if dry_run else opened(account)
    now = session.clock() if session else clock()
    made = {
        "requestId": request_id,
        "backupInstanceId": instance,
        "sourceVirtualMachineId": machine,
        "sourceResourceGroupId": group,
        **_disks(disk or []),
        "vaultId": vault,
        **_target(to, name),
        "targetDiskSuffix": suffix,
        "expectedDisks": expected,
        "pointInTime": _point_in_time(at, now),
        "recoveryPointId": point,
        "notAfter": not_after,
        "force": force,
        "validateOnly": validate_only,
        "requestedBy": by,
        "reason": reason,
    }
    message = {field: value for field, value in made.items() if value}
    message = _completed(message, now) if not file else _read(file, message)
    asked = checked(message)
    if request_id and asked.request_id != request_id:
        raise Trouble(f"{file} is an envelope, whose id --id does not replace.", "", Exit.USAGE)
    if dry_run or session is None:
        screen.print_json(message)
        return
    is_sent = not (file or request_id) or not _is_known(session, asked, wait=wait, yes=yes)
    if is_sent:
        _send(session, message, yes=yes)
    sys.stdout.write(f"{asked.request_id}\n")
    sys.stdout.flush()
    if wait:
        progress = Progress(session, every=every, minutes=timeout)
        raise typer.Exit(progress.follow([asked.request_id], screen.console(errors=True)))
    if is_sent:
        told = f"Sent. Follow it: restorectl watch {asked.request_id}"
        screen.console(errors=True).print(told, soft_wrap=True)


def _is_known(session: Session, asked: Asked | Withdrawal, *, wait: bool, yes: bool) -> bool:
    """Tell whether the request is recorded already and need not be sent; raise Trouble."""
    if isinstance(asked, Withdrawal):
        return False
    try:
        return is_attached(session, asked, wait=wait, yes=yes)
    except Trouble as trouble:
        if trouble.code is not Exit.UNREACHED:
            raise
        # Who may send need not have the right to read: the app itself refuses an id that is used.
        told = f"Whether {asked.request_id} was asked before was not to be learnt: {trouble.text}"
        screen.console(errors=True).print(told, soft_wrap=True)
        return False


def _send(session: Session, message: Any, *, yes: bool) -> None:
    if any(field in object_of(message) for field in SET_FIELDS):
        screen.confirmed(question(message), yes=yes)
    with explained():
        session.send(message)


def _disks(disks: list[str]) -> dict[str, Any]:
    if len(disks) > 1:
        return {"sourceDiskIds": disks}
    return {"sourceDiskId": disks[0]} if disks else {}


def _target(to: str, name: str) -> dict[str, str]:
    """Return the target's fields; which it is, an ARM id says itself."""
    try:
        DiskId.parse(to)
    except InvalidId:
        return {"targetResourceGroupId": to, "targetDiskName": name}
    return {"targetDiskId": to, "targetDiskName": name}


def _point_in_time(at: str, now: datetime) -> str:
    """Return what the contract takes: it knows no spans."""
    if at in ("", "latest"):
        return at
    try:
        contract_moment(at)
    except ValueError:
        try:
            return utc_text(moment_of(at, now, "--at"))
        except Rejected as error:
            raise Trouble(error.problem.message, "", Exit.USAGE) from None
    return at


def _completed(message: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return the message with an id and whoever asks."""
    if not any(field in message for field in ("sourceDiskId", "backupInstanceId", *SET_FIELDS)):
        raise Trouble(
            "Nothing says what to restore.",
            "Name a FILE, or --disk, --machine, --group or --instance; and --to for the target.",
            Exit.USAGE,
        )
    made = f"ctl-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    return {"requestId": made, "requestedBy": person.named(), **message}


def _read(file: str, message: dict[str, Any]) -> Any:
    """Return the message of a file, under the id that was named beside it."""
    others = [field for field in message if field != "requestId"]
    if others:
        names = ", ".join(others)
        raise Trouble(f"{file} says itself what is asked: not {names}.", _OTHERS, Exit.USAGE)
    content = _json_of(file)
    return {**content, **message} if isinstance(content, dict) else content


def _json_of(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == STDIN else Path(file).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{file} cannot be read: {error}", "", Exit.USAGE) from None
    except (ValueError, RecursionError) as error:
        raise Trouble(f"{file} holds no JSON: {error}", "", Exit.USAGE) from None


def checked(message: Any) -> Asked | Withdrawal:
    """Return what a message asks, by the app's own contract; raise Trouble."""
    try:
        return reader.read(json.dumps(message).encode())
    except NothingAsked as error:
        raise Trouble(error.reason, "It was not sent.", Exit.USAGE) from None
    except MalformedRequest as error:
        raise Trouble(error.reason, "It was not sent: correct it first.", Exit.USAGE) from None


def question(message: dict[str, Any]) -> str:
    """Return what somebody must say yes to: which disks, from when, to where, under which names."""
    verb = "Validate" if message.get("validateOnly") else "Restore"
    target = quoted(screen.name_of(message.get("targetResourceGroupId")))
    named = f", named …{suffix}" if (suffix := message.get("targetDiskSuffix")) else ""
    return f"{verb} {_disks_of(message)} from {_moment(message)} to new disks in {target}{named}?"


def _disks_of(message: dict[str, Any]) -> str:
    if machine := message.get("sourceVirtualMachineId"):
        what = f"all disks of the machine {quoted(screen.name_of(machine))}"
    elif group := message.get("sourceResourceGroupId"):
        what = f"all protected disks of the group {quoted(screen.name_of(group))}"
    else:
        what = f"{len(message.get('sourceDiskIds') or [])} disks"
    expected = message.get("expectedDisks")
    parts = [f"{expected} are expected"] if expected else []
    parts += ["also what came back a moment ago or is under way"] if message.get("force") else []
    return f"{what} ({', '.join(parts)})" if parts else what


def _moment(message: dict[str, Any]) -> str:
    at = message.get("pointInTime")
    return (
        "their newest points"
        if at in (None, "latest")
        else f"their newest points at {at} or before"
    )
