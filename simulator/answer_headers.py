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


def of(request: Request, now: datetime) -> dict[str, str]:
    """Return the headers of the answer to a request."""
    request_id = str(uuid.uuid4())
    correlation_id = request.headers.get("x-ms-correlation-request-id") or request_id
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    return {
        **_ALWAYS,
        "Date": wire_times.http_date(now),
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": correlation_id,
        "x-ms-routing-request-id": f"WESTEUROPE:{stamp}:{request_id}",
        "X-MSEdge-Ref": f"Ref A: {uuid.uuid4().hex.upper()} Ref B: SIM000000000000 Ref C: {stamp}",
    }
