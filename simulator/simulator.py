"""The simulator: a cloud that listens on a port, and has a door of its own beside Azure's."""

from simulator import control
from simulator.cloud import Cloud
from simulator.exchange import Reply, Request
from simulator.faults import Hold
from simulator.http_server import Server


class Simulator(Cloud):
    """A cloud that other processes can reach, and arrange by `control`'s commands."""

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Server:
        """Listen on a port, 0 for any free one; close it, or leave its context, to stop."""
        return Server(self, host=host, port=port)

    def answer(self, request: Request, hold: Hold) -> Reply:
        """Answer a request of any kind."""
        if request.path.startswith(control.PATH):
            return control.answer(self, request)
        return super().answer(request, hold)
