"""The simulator's own door for other processes: `/simulator/…`, JSON in, JSON out, no token."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from simulator import arm_ids, faults, outcomes, wire_times
from simulator.cloud import Cloud
from simulator.exchange import Answer, Request
from simulator.habits import GraphMood
from simulator.limits import Rate
from simulator.stage import Endings
from simulator.world import Job, Point

PATH: Final = "/simulator/"
Words = dict[str, Any]


def answer(cloud: Cloud, request: Request) -> Answer:
    """Do what a call to the door asks for."""
    name = request.path.removeprefix(PATH).strip("/")
    known = _COMMANDS.get((request.method, name))
    if known is None:
        named = ", ".join(f"{method} {PATH}{one}" for method, one in _COMMANDS)
        return Answer.of({"error": f"no such command; there are {named}"}, 404)
    try:
        return Answer.of(known(cloud, request.json() or {}))
    except (KeyError, TypeError, ValueError) as trouble:
        return Answer.of({"error": f"{name}: {type(trouble).__name__}: {trouble}"}, 400)


def report(cloud: Cloud, words: Words) -> Words:  # noqa: ARG001
    """Return what the world holds and what happened in it."""
    all_calls = list(cloud.calls)
    calls = Counter(f"{call.method} {_kind(call.path)}" for call in all_calls)
    return {
        "now": wire_times.precise(cloud.now()),
        "jobs": [_job(one) for one in cloud.jobs()],
        "disks": cloud.disks(),
        "accusations": cloud.accusations,
        "calls": calls,
        "statuses": Counter(str(call.status or "cut off") for call in all_calls),
        "callCount": sum(calls.values()),
        "identityCallCount": len(cloud.identity_calls),
    }


def _protect(cloud: Cloud, words: Words) -> Words:
    if "points" in words:
        words["points"] = [_point(one) for one in words["points"]]
    instance_id = cloud.protect(words.pop("disk"), **words)
    points = [
        {"id": one.id, "time": wire_times.precise(one.time)} for one in cloud.points(instance_id)
    ]
    return {
        "backupInstanceId": instance_id,
        "sourceDiskId": cloud.source_disk(instance_id),
        "recoveryPoints": points,
    }


def _script(cloud: Cloud, words: Words) -> Words:
    target = words.pop("target")
    cloud.script(target, **{name: _endings(value) for name, value in words.items()})
    return {}


def _fault(cloud: Cloud, words: Words) -> Words:
    fault = faults.from_json(words["fault"])
    cloud.next(words["method"], words["path"], fault, words.get("times", 1))
    return {}


def _start_restore(cloud: Cloud, words: Words) -> Words:
    return _job(cloud.start_restore(words["backupInstanceId"], words["target"]))


def _with(name: str, word: str) -> Callable[[Cloud, Words], Words]:
    def command(cloud: Cloud, words: Words) -> Words:
        getattr(cloud, name)(words[word])
        return {}

    return command


def _graph(cloud: Cloud, words: Words) -> Words:
    """Say how Resource Graph is: its mood, and by how many seconds its rows are behind."""
    habits = cloud.habits
    mood = words.get("mood", habits.graph)
    if mood not in get_args(GraphMood):
        raise ValueError(f"a mood is one of {', '.join(get_args(GraphMood))}")
    habits.graph = mood
    habits.graph_lag = timedelta(seconds=words.get("lag", habits.graph_lag.total_seconds()))
    return {}


def _limits(cloud: Cloud, words: Words) -> Words:
    """Set limits: `{"writes": [200, 10], "restores_of_vault": 30}`, null for none of a kind."""
    rates = {name: Rate(*value) for name, value in words.items() if isinstance(value, list)}
    cloud.habits.limits = replace(cloud.habits.limits, **{**words, **rates})
    return {}


def _add_machine(cloud: Cloud, words: Words) -> Words:
    machine = cloud.add_machine(words.pop("machine"), **words)
    return {"machineId": machine, "diskIds": cloud.disks_of(machine)}


def _remove_machine(cloud: Cloud, words: Words) -> Words:
    cloud.remove_machine(words.pop("machine"), **words)
    return {}


def _attach(cloud: Cloud, words: Words) -> Words:
    cloud.attach(words["machine"], words["disk"], words["lun"])
    return {}


def _add_management_group(cloud: Cloud, words: Words) -> Words:
    cloud.add_management_group(words["name"], words["subscriptions"])
    return {}


def _deny(cloud: Cloud, words: Words) -> Words:
    cloud.deny(words["action"], words.get("scope", "*"))
    return {}


def _clear_faults(cloud: Cloud, words: Words) -> Words:  # noqa: ARG001
    cloud.clear_faults()
    return {}


_COMMANDS: Final[Mapping[tuple[str, str], Callable[[Cloud, Words], Words]]] = {
    ("GET", "report"): report,
    ("POST", "protect"): _protect,
    ("POST", "script"): _script,
    ("POST", "faults"): _fault,
    ("POST", "clear-faults"): _clear_faults,
    ("POST", "deny"): _deny,
    ("POST", "graph"): _graph,
    ("POST", "allow"): _with("allow", "action"),
    ("POST", "revoke-role"): _with("revoke_vault_role", "group"),
    ("POST", "grant-role"): _with("grant_vault_role", "group"),
    ("POST", "remove-group"): _with("remove_group", "group"),
    ("POST", "soft-delete"): _with("soft_delete", "backupInstanceId"),
    ("POST", "undelete"): _with("undelete", "backupInstanceId"),
    ("POST", "take-identity"): _with("take_identity", "vault"),
    ("POST", "add-disk"): _with("add_disk", "disk"),
    ("POST", "remove-disk"): _with("remove_disk", "disk"),
    ("POST", "add-machine"): _add_machine,
    ("POST", "remove-machine"): _remove_machine,
    ("POST", "attach"): _attach,
    ("POST", "detach"): _with("detach", "disk"),
    ("POST", "add-management-group"): _add_management_group,
    ("POST", "limits"): _limits,
    ("POST", "start-restore"): _start_restore,
}


def _job(one: Job) -> Words:
    return {
        "id": one.id,
        "status": one.status,
        "target": one.target_id,
        "backupInstanceId": one.instance_id,
        "recoveryPointId": one.point_id,
        "activityId": one.activity_id,
        "started": wire_times.precise(one.started),
        "ended": wire_times.precise(one.ended) if one.ended else None,
        "errorCode": one.error_code,
    }


def _point(words: Words) -> Point:
    times: Words = {
        name: datetime.fromisoformat(words.pop(name))
        for name in ("time", "expiry")
        if name in words
    }
    return Point(**words, **times)


def _endings(value: Words | list[Words]) -> Endings:
    if isinstance(value, list):
        return [outcomes.from_json(one) for one in value]
    return outcomes.from_json(value)


def _kind(path: str) -> str:
    parts = path.rstrip("/").split("/")
    known = {
        "restore",
        "validateRestore",
        "recoveryPoints",
        "backupJobs",
        "backupInstances",
        "resources",
    }
    return (
        parts[-1]
        if parts[-1] in known
        else f"{parts[-2]}/*"
        if len(parts) > 1
        else arm_ids.key(path)
    )
