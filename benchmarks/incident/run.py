"""What one run is: how many disks, how many turns, at which pace."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One run."""

    name: str
    disks: int
    turns: int
    """RESTORE_MAX_ACTIVE."""
    hosts: int = 1
    answers: float = 0.0
    """Seconds after which Azure answers."""
    patience: float = 3_600.0
    """Seconds in all."""

    def tell(self, text: str) -> None:
        """Print a line of this run."""
        sys.stdout.write(f"{self.name:>9}  {text}\n")
        sys.stdout.flush()
