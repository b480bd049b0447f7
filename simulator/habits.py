"""What the simulated service is like, where the facts leave it open. May be changed at any time."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from simulator.limits import Limits
from simulator.pace import Pace

ActivityIds = Literal["client", "suffixed", "unrelated"]
GraphMood = Literal["open", "empty", "forbidden"]


@dataclass
class Habits:
    """Pace, limits, pages, and how jobs show themselves.

    `activity_ids` says what a job's activityID is: the client's request id, that id with the
    suffix once seen, or something else. `job_list_lag` is how long a job is missing in lists.
    `graph` says whether Resource Graph shows rows, none (the caller has no rights), or 403;
    `graph_lag` is how far its rows are behind.
    """

    pace: Pace = field(default_factory=Pace)
    page_size: int | None = None
    job_list_lag: timedelta = timedelta(0)
    activity_ids: ActivityIds = "client"
    graph: GraphMood = "open"
    graph_lag: timedelta = timedelta(0)
    limits: Limits = field(default_factory=Limits)
