"""The headers that ARM's answers bear besides their own."""

import uuid
from datetime import datetime

from simulator import wire_times
from simulator.exchange import Request

_ALWAYS = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Cache": "CONFIG_NOCACHE",
}
_READS = {"x-ms-ratelimit-remaining-subscription-resource-requests": "1099"}
_WRITES = {
    "x-ms-ratelimit-remaining-subscription-writes": "799",
    "x-ms-ratelimit-remaining-subscription-global-writes": "11999",
}


def of(request: Request, now: datetime) -> dict[str, str]:
    """Return the headers of the answer to a request."""
    request_id = str(uuid.uuid4())
    correlation_id = request.headers.get("x-ms-correlation-request-id") or request_id
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    return {
        **_ALWAYS,
        **_rates(request),
        "Date": wire_times.http_date(now),
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": correlation_id,
        "x-ms-routing-request-id": f"WESTEUROPE:{stamp}:{request_id}",
        "X-MSEdge-Ref": f"Ref A: {uuid.uuid4().hex.upper()} Ref B: SIM000000000000 Ref C: {stamp}",
    }


def _rates(request: Request) -> dict[str, str]:
    if "microsoft.resourcegraph" in request.path.lower():
        return {}  # It counts by a quota of its own.
    return _READS if request.method == "GET" else _WRITES
