"""What Azurite was asked, by its own log: a line for each request, a batch of rows being one."""

import re
from collections import Counter
from typing import Final

_LINE: Final = re.compile(r'"(GET|PUT|POST|DELETE|MERGE|PATCH|HEAD) /devstoreaccount1/(\S*)')
_NAME: Final = re.compile(r"\w[\w$-]*")
_OF_THE_HOST: Final = "the host's own"
_TAKEN_BY_THE_HOST: Final = ("restore-requests", "restore-steps")


def requests_in(log: str) -> Counter[str]:
    """Return how often each was asked: a table or queue and a method, or the host's polling.

    Receiving, deleting and hiding messages of the two queues, and blobs, is what the host does.
    """
    return Counter(_kind(method, path) for method, path in _LINE.findall(log))


def of_the_app(counted: Counter[str]) -> int:
    """Return how many were the app's."""
    return counted.total() - counted[_OF_THE_HOST]


def _kind(method: str, path: str) -> str:
    found = _NAME.search(path)
    name = found[0] if found else path
    sends = method == "POST" and path.partition("?")[0].endswith("/messages")
    if (name in _TAKEN_BY_THE_HOST and not sends) or name.startswith("azure-webjobs"):
        return _OF_THE_HOST
    return f"{name} {method}"
