"""An Azure Resource Manager that is not Azure's, for restores of managed disks.

It answers as recorded restores were answered, keeps its own clock and pace, lets things go wrong
by plan, and accuses clients that behave badly. It is an independent reading of the facts and
imports nothing of the app it is used to test.

    simulator ─► http_server            sockets
        └──► control                    its own door for other processes
               └──► cloud               Azure alone, in one process
                      ├──► faults       what goes wrong, before anything is answered
                      ├──► identity     tokens
                      ├──► arm ─► routes, restore_body, signed_urls, bodies, errors
                      │      └──► graph ─► kql, graph_rows
                      └──► stage ─► restores ─► world, pace, outcomes
"""

from simulator import faults, outcomes
from simulator.exchange import Call
from simulator.http_server import Server
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
    "Operation",
    "Pace",
    "Point",
    "Server",
    "Simulator",
    "StateFile",
    "faults",
    "outcomes",
]
