"""The bytes of a message: what is read as JSON, however wrapped, and what each fault is told."""

import base64
import json

import pytest

from restore_core.contract.envelopes.message import decode
from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Asked, Origin
from restore_core.errors import MalformedRequest
from tests.builders import a_request, fields, in_base64, message

BOM = b"\xef\xbb\xbf"


def in_json(body: bytes, *, escaped: bool = True) -> bytes:
    """Return the text of a message as a JSON string."""
    return json.dumps(body.decode(), ensure_ascii=escaped).encode()


def refusal(body: bytes) -> MalformedRequest:
    with pytest.raises(MalformedRequest) as refused:
        read(body)
    return refused.value


@pytest.mark.parametrize(
    "body",
    [
        message(),
        in_base64(),
        BOM + message(),
        base64.b64encode(BOM + message()),
        b"  \r\n" + message() + b"\n",
        b"\n".join(in_base64()[i : i + 76] for i in range(0, len(in_base64()), 76)),
        b" " + in_base64() + b"\r\n",
        in_json(message()),
        in_json(in_base64()),
        in_json(BOM + message()),
        in_json(BOM + message(), escaped=False),
        BOM + in_json(message()),
        base64.b64encode(in_json(message())),
        in_json(base64.b64encode(in_json(in_base64()))),
        in_json(in_json(message())),
        in_json(b" \n" + message() + b"\n"),
    ],
    ids=[
        "plain",
        "base64",
        "BOM",
        "BOM in base64",
        "blanks",
        "wrapped base64",
        "base64 in blanks",
        "JSON string",
        "base64 in a JSON string",
        "escaped BOM in a JSON string",
        "BOM in a JSON string",
        "BOM before a JSON string",
        "JSON string in base64",
        "two of everything",
        "JSON string in a JSON string",
        "blanks in a JSON string",
    ],
)
def test_every_usual_encoding_of_a_message_is_the_same_request(body: bytes) -> None:
    assert read(body) == Asked(a_request(), Origin.NATIVE)


def test_a_message_in_utf_8_keeps_its_letters() -> None:
    body = json.dumps(fields(reason="Störung 日本"), ensure_ascii=False).encode()

    assert read(body).request.reason == "Störung 日本"
    assert read(in_json(body, escaped=False)) == read(in_json(body)) == read(body)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"\xff{}", "not UTF-8: byte 0"),
        (b'{"requestId": "\xe4"}', "not UTF-8: byte 15"),
        (b"", "not JSON"),
        (b" \n ", "not JSON"),
        (b"\x00", "neither JSON nor base64 of JSON"),
        (b"restore disk-1 please!", "neither JSON nor base64 of JSON: it begins like"),
        (b"requestId=r1&x=1", "neither JSON nor base64"),
        ("größe".encode(), "neither JSON nor base64"),
        (base64.urlsafe_b64encode(b"\xfb\xff" * 3), "neither JSON nor base64"),
        (b"{'requestId': 'r1'}", "not JSON"),
        (message()[:-1], "not JSON"),
        (message() + b"}", "not JSON"),
        (b"[1, 2]", "must be a JSON object, but it is a list of 2"),
        (b"[]", "must be a JSON object, but it is a list of 0"),
        (b"[" + message() + b"]", "must be a JSON object, but it is a list of 1"),
        (b'"text"', "must be a JSON object, but it is text"),
        (b'"not base64"', "it is text that is neither JSON nor base64 of JSON"),
        (b'""', "it is text that is not JSON"),
        (b'"\\ud800"', "it is text that is neither JSON nor base64 of JSON"),
        (in_json(message()[:-1]), "it is text that is not JSON: it ends in the middle"),
        (in_json(b'{"a": 1, "a": 2}'), "'a' stands twice"),
        (in_json(b"[" * 30_000), "it is text that is nested too deeply"),
        (in_json(in_json(in_json(message()))), "it is text: JSON in a string more than twice."),
        (base64.b64encode(b"17"), "must be a JSON object, but it is a number"),
        (base64.b64encode(b"null"), "must be a JSON object, but it is null"),
        (base64.b64encode(b"true"), "must be a JSON object, but it is a boolean"),
        (b'{"a": NaN}', "NaN is no JSON value"),
        (b'{"a": -Infinity}', "-Infinity is no JSON value"),
        (b'{"requestId": "a", "requestId": "b"}', "'requestId' stands twice"),
        (b'{"x": {"y": 1, "y": 2}}', "'y' stands twice"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "not JSON"),
        (b"[" * 60_000, "nested too deeply"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_object_is_refused_with_the_reason(body: bytes, told: str) -> None:
    refused = refusal(body)

    assert told in refused.reason
    assert refused.request_id == ""
    assert len(refused.reason) < 400
    assert "\n" not in refused.reason


def test_a_message_of_64_kib_is_read() -> None:
    body = message(reason="x" * (64 * 1024 - len(message(reason=""))))

    assert len(body) == 64 * 1024
    assert read(body).request.request_id == "r1"


def test_decoding_alone_returns_the_object_or_the_list() -> None:
    assert decode(b'{"a": [1, {"b": null}]}') == {"a": [1, {"b": None}]}
    assert decode(b'[{"a": 1}]') == [{"a": 1}]
