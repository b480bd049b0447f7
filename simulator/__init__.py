"""An Azure Resource Manager that is not Azure's, for restores of managed disks.

It answers as recorded restores were answered, keeps its own clock and pace, lets things go wrong
by plan, and accuses clients that behave badly. It is an independent reading of the facts and
imports nothing of the app it is used to test.

    simulator ─► http_server            sockets
        └──► control                    its own door for other processes
               └──► cloud               Azure alone, in one process
                      ├──► faults       what goes wrong, before anything is answered
                      ├──► arm          who is let in: identity, buckets, api_versions, routes
                      │      ├──► data_protection ─► restore_body, signed_urls, bodies, errors
                      │      ├──► compute ─► compute_bodies
                      │      └──► graph ─► graph_request ─► kql; graph_quota, graph_rows
                      └──► stage        what may be arranged: machine_scene, rights_scene
                             └──► restores ─► crowds, world, machines, pace, outcomes

How it behaves where the facts leave it open stands in `habits`, how much it answers in `limits`.
"""

from simulator import faults, outcomes
from simulator.exchange import Call
from simulator.http_server import Server
from simulator.limits import Limits, Rate
from simulator.pace import AT_ONCE, NEVER, AfterReads, Pace
from simulator.simulator import Simulator
from simulator.state_file import StateFile
from simulator.world import Job, Operation, Point

__all__ = [
    "AT_ONCE",
    "NEVER",
    "AfterReads",
    "Call",
    "Job",
    "Limits",
    "Operation",
    "Pace",
    "Point",
    "Rate",
    "Server",
    "Simulator",
    "StateFile",
    "faults",
    "outcomes",
]
