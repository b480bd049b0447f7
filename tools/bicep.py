"""Where the Bicep compiler is: `BICEP`, else the PATH's `bicep`, else the one beside the project.

`python -m tools.bicep` prints its path, and fails where there is none.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

BESIDE: Final = Path(__file__).parents[1] / ".." / "shared" / "tools" / "bicep"


def compiler() -> str | None:
    """Return the compiler's path, if this machine has one."""
    beside = str(BESIDE.resolve()) if BESIDE.is_file() else None
    return os.environ.get("BICEP") or shutil.which("bicep") or beside


if __name__ == "__main__":
    found = compiler()
    print(found or "The Bicep compiler was not found: set BICEP to its path.")  # noqa: T201
    sys.exit(found is None)
