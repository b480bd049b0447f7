"""`show`: everything of one restore, and the commands that come next."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Column
from rich.text import Text

from restore_core.reading.wanted import Which, until_now
from restorectl import missing, options, screen
from restorectl.attaching import MOST, commands_of
from restorectl.next_commands import COMMAND, next_commands
from restorectl.screen import Format
from restorectl.session import explained, opened
from restorectl.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from rich.console import Console

    from restore_core.reading.items import Item
    from restorectl.session import Session

_BAR: Final = 24
"""Columns of the longest bar."""
_FACTS: Final = (
    ("source", "sourceDiskId"),
    ("machine", "sourceVirtualMachineId"),
    ("group", "sourceResourceGroupId"),
    ("target", "targetDiskId"),
    ("target group", "targetResourceGroupId"),
    ("instance", "backupInstanceId"),
    ("point", "recoveryPointTime"),
    ("back as", "backAs"),
    ("withdrawn", "withdrawn"),
    ("follows", "follows"),
    ("part of", "partOf"),
    ("job", "jobId"),
    ("in the portal", "jobLink"),
    ("requested by", "requestedBy"),
    ("reason", "reason"),
    ("correlation", "correlationId"),
    ("of Azure", "armCorrelationId"),
    ("disks confirmed by", "confirmedBy"),
)
_ASKED: Final = (
    ("target group", "targetResourceGroupId"),
    ("suffix", "targetDiskSuffix"),
    ("disks expected", "expectedDisks"),
    ("not after", "notAfter"),
)
"""What was asked that no column tells."""

RequestId = Annotated[str, typer.Argument(metavar="ID", help="The restore's requestId.")]


def show(
    request_id: RequestId,
    account: options.Account = "",
    *,
    output: options.Output = Format.TABLE,
) -> None:
    """Show one restore: where the time went, point, target, reason, remedy, what to do next."""
    session = opened(account)
    item = found(session, request_id)
    match output:
        case Format.JSON:
            screen.print_json(item)
        case Format.TSV:
            names = [name for name in item if name not in ("timeline", "asked")]
            screen.print_tsv(names, [item])
        case _:
            told(screen.console(), item, session.clock(), _to_attach(session, item))


def found(session: Session, request_id: str) -> Item:
    """Return one restore; raise Trouble where there is none."""
    with explained():
        item = session.reading.restore(request_id, session.clock())
        waiting = session.waiting() if item is None else 0
    if item is not None:
        return item
    trouble = missing.trouble(session, request_id)
    if waiting:
        trouble.remedy = (
            f"{counted(waiting, 'message waits', 'messages wait')} on the queue, and it may be "
            f"among them: restorectl watch {request_id} waits for it. {trouble.remedy}"
        )
    raise trouble


def _to_attach(session: Session, item: Item) -> list[str]:
    """Return the commands that put the disks of a set into their places, once it has ended."""
    if "members" not in item or not item["ended"]:
        return []
    now = session.clock()
    since = screen.time_of(item.get("acceptedAt")) or now
    with explained():
        asked = until_now(since, now, Which.ENDED, part_of=str(item["requestId"]))
        return commands_of(session.reading.restores(asked, now).items)


def told(console: Console, item: Item, now: datetime, attach: Sequence[str] = ()) -> None:
    """Print it; with the commands that `attach` the disks of a set."""
    head = Text.assemble((str(item.get("rowId", "")), "bold"), "  ", screen.status(item))
    console.print(head, soft_wrap=True)
    console.print(Text(_in_short(item, now)))
    for line in _why(item):
        console.print(line)
    if look := _next_look(item, now):
        console.print(look)
    for name, value in _facts(item):
        console.print(Text.assemble((f"{name}: ", "dim"), value), soft_wrap=True)
    _print_timeline(console, item)
    commands = list(next_commands(item))
    if commands:
        console.print(Text("\nNext:", "bold"))
    for command in commands:
        console.print(Text(f"  {command}"), soft_wrap=True)
    _print_attaching(console, item, attach)


def _print_attaching(console: Console, item: Item, attach: Sequence[str]) -> None:
    if not attach:
        return
    console.print(Text("\nTo put the new disks in the places of the old ones, in order:", "bold"))
    for command in attach[:MOST]:
        console.print(Text(f"  {command}"), soft_wrap=True)
    if len(attach) > MOST:
        every = f"restorectl ls --part-of {quote(str(item['requestId']))} -o json"
        console.print(Text(f"  … and {len(attach) - MOST} more: followUp in {every}"))


def _in_short(item: Item, now: datetime) -> str:
    took = screen.duration(item.get("elapsedSeconds"))
    if "members" in item:
        return _of_a_set(item, took)
    parts = [screen.way(item)]
    if age := screen.age(item.get("recoveryPointAgeSeconds")):
        parts.append(f"from a point {age} old")
    if took:
        parts.append(f"took {took}" if item["ended"] else f"for {took} now")
    parts.append(_outlook(item, now))
    return ", ".join(part for part in parts if part)


def _outlook(item: Item, now: datetime) -> str:
    """Return when the end is expected, and by what that goes."""
    expected = screen.expected(item, now)
    if not expected or "expectedEnd" not in item or screen.next_try(item, now):
        return expected
    by = "by this vault's last restores"
    if item.get("expectedBy") != "vault":
        by = "by recorded restores of small disks"
    if "follows" in item:
        leader, _, when = expected.partition(", ")
        return (
            f"{leader}, which {'is' if screen.is_late(item, now) else 'should end'} {when} ({by})"
        )
    if screen.is_late(item, now):
        return f"{expected.removesuffix(' late')} later than expected ({by})"
    return f"end expected {expected} ({by})"


def _of_a_set(item: Item, took: str) -> str:
    parts = [f"a set of {screen.way(item)}", screen.so_far(item)]
    parts += [f"{item['alreadyBack']} were back already"] if item.get("alreadyBack") else []
    parts += [f"for {took} now" if not item["ended"] else f"took {took}"] if took else []
    if "pointSpreadSeconds" in item:
        apart = screen.duration(item["pointSpreadSeconds"])
        parts.append(f"points from {item.get('oldestPointTime')} on, {apart} apart")
    if "slowestMember" in item:
        slowest = screen.duration(item.get("slowestSeconds"))
        parts.append(f"the slowest {item['slowestMember']}, {slowest}")
    if item.get("reasons"):
        parts.append(f"why not: {screen.counts(item['reasons'])}")
    return ", ".join(part for part in parts if part)


def _why(item: Item) -> Iterator[Text]:
    if "errorCode" not in item:
        return
    word = "Why" if item["ended"] else "Told last"
    yield Text.assemble((f"{word}: ", "bold"), str(item["errorCode"]))
    yield Text(str(item.get("errorMessage", "")))
    advice = str(item.get("recommendedAction", "")).partition(COMMAND)[0]
    if advice:
        yield Text.assemble(("What to do: ", "bold"), advice)


def _next_look(item: Item, now: datetime) -> Text | None:
    """Return when Azure is asked again, where that is more than a moment away."""
    due = screen.time_of(item.get("dueAt"))
    if item["ended"] or due is None or due <= now:
        return None
    if tries := screen.next_try(item, now):
        told = f"{tries}, by itself; sooner: withdraw it and send it anew"
        return Text.assemble(("Next try: ", "bold"), told)
    if "errorCode" not in item:
        return None
    return Text.assemble(("Next look: ", "bold"), f"{screen.moment_near(due, now)} UTC, by itself")


def _facts(item: Item) -> Iterator[tuple[str, str]]:
    for name, key in _FACTS:
        if key in item:
            yield name, str(item[key])
    for name, key in _ASKED:
        if key in (asked := item.get("asked", {})) and key not in item:
            yield name, str(asked[key])
    if "members" in item or ("asked" in item and "recoveryPointTime" not in item):
        yield "cut-off", _cut_off(item)
    if "sizeGib" in item:
        yield "size", f"{item['sizeGib']} GiB, where it is known"
    if "members" in item and "expectedSeconds" in item:
        yield "would take", screen.duration(item["expectedSeconds"])
    if "messageText" in item:
        yield "sent", str(item.get("requestedAt", ""))
        yield "the message", str(item["messageText"])


def _cut_off(item: Item) -> str:
    """Return from when the newest point may be: of a set, of each disk."""
    asked = item.get("asked", {})
    if "recoveryPointId" in asked:
        return f"the point {asked['recoveryPointId']}"
    at = asked.get("pointInTime")
    if at == "latest":
        return "none: the newest point when it is looked for"
    cut_off = item.get("cutOffTime") or at or item.get("acceptedAt", "its acceptance")
    return f"the newest point at or before {cut_off}"


def _print_timeline(console: Console, item: Item) -> None:
    steps = item.get("timeline") or []
    if not steps:
        return
    longest = max((step.get("seconds", 0) for step in steps), default=0) or 1
    table = screen.table_of(
        Column("UTC", no_wrap=True), Column("state"), Column("lasted", justify="right"), Column("")
    )
    for step in steps:
        seconds = step.get("seconds")
        bar = "█" * round(_BAR * (seconds or 0) / longest)
        moment = screen.time_of(step["at"])
        at = f"{moment:%d %b %H:%M:%S}" if moment else ""
        state = f"{step['state']} again" if step.get("again") else str(step["state"])
        table.add_row(at, Text(state), screen.duration(seconds), Text(bar, "cyan"))
    console.print(table)
