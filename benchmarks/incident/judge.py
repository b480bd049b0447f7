"""Nothing lost, nothing doubled: every disk one job, one result and one end in its set. Pure."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Rows = Sequence[Mapping[str, Any]]


def wrong_jobs(report: Mapping[str, Any], disks: int) -> Iterator[str]:
    """Say what is wrong with what Azure did, or thinks of its client."""
    jobs = Counter(job["target"].lower() for job in report["jobs"])
    sources = Counter(job["backupInstanceId"].lower() for job in report["jobs"])
    if len(jobs) != disks or len(sources) != disks or report["jobs"].__len__() != disks:
        yield f"{len(report['jobs'])} jobs of {len(sources)} disks wrote {len(jobs)} disks"
    bad = Counter(job["status"] for job in report["jobs"] if job["status"] != "Completed")
    if bad:
        yield f"jobs ended {dict(bad)}"
    yield from report["accusations"]


def wrong_results(rows: Rows, set_id: str, disks: int) -> Iterator[str]:
    """Say what is wrong with the result rows: one of the set, and one of each member."""
    members = [row for row in rows if row.get("partOf") == set_id]
    own = [row for row in rows if row["RowKey"] == set_id]
    if len(own) != 1 or len(rows) != disks + 1:
        yield f"{len(own)} rows of the set, {len(members)} of members, {len(rows)} in all"
    sources = Counter(str(row.get("sourceDiskId")).lower() for row in members)
    if len(sources) != disks:
        yield f"{len(members)} results are of {len(sources)} disks"
    bad = Counter(str(row["status"]) for row in members if row["status"] != "Completed")
    if bad:
        yield f"members ended {dict(bad)}"
    for row in own:
        yield from _wrong_set(row, disks)


def _wrong_set(row: Mapping[str, Any], disks: int) -> Iterator[str]:
    counts = json.loads(str(row.get("counts", "{}")))
    told = (row["status"], row.get("disks"), row.get("members"), counts)
    if told != ("Completed", disks, disks, {"Completed": disks}):
        yield f"the set's row tells {told}"


def wrong_plan(rows: Rows, disks: int) -> Iterator[str]:
    """Say what is wrong with the set's partition: a header, and an end of every disk."""
    plan = [row for row in rows if row["RowKey"] != "header"]
    ended = Counter(str(row.get("status")) for row in plan)
    ids = {str(row["memberId"]) for row in plan}
    if len(plan) != len(rows) - 1 or len(ids) != disks or ended != {"Completed": disks}:
        yield f"RestoreSets holds {len(plan)} disks, {len(ids)} members, ended {dict(ended)}"
