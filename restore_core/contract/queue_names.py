"""The queues by name: what senders and receivers of the app hold to."""

from typing import Final

REQUESTS: Final = "restore-requests"
STEPS: Final = "restore-steps"
EVENTS: Final = "restore-events"
POISON: Final = "-poison"
"""Ends the name of the queue that the Functions host puts what it gave up in."""
