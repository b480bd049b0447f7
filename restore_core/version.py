"""The version of the app: in a worker's first log line, in `User-Agent`, in answers over HTTP."""

from typing import Final

VERSION: Final = "0.2.0"
