"""What stands around a message: undone where it can be one thing only, else named with a remedy."""

import base64
import gzip
import html
import json
import urllib.parse
import zlib
from collections.abc import Callable
from functools import reduce

import pytest

from restore_core.contract.envelopes.reader import read
from restore_core.contract.origin import Asked, Origin
from restore_core.errors import MalformedRequest
from tests.builders import a_request, fields, message
from tests.envelopes import a_cloud_event, an_alert, sent

Wrap = Callable[[bytes], bytes]

TEXT = json.dumps(fields(reason="Störung 日本 🔥 ?>~"), ensure_ascii=False)
BODY = TEXT.encode()
ASKED = Asked(a_request(reason="Störung 日本 🔥 ?>~"), Origin.NATIVE)


def unpadded(body: bytes) -> bytes:
    return base64.b64encode(body).rstrip(b"=")


def url_safe(body: bytes) -> bytes:
    return base64.urlsafe_b64encode(body)


def url_safe_unpadded(body: bytes) -> bytes:
    return base64.urlsafe_b64encode(body).rstrip(b"=")


def in_lines(body: bytes) -> bytes:
    return base64.encodebytes(body).replace(b"\n", b"\r\n")


def with_tabs(body: bytes) -> bytes:
    letters = base64.b64encode(body)
    return b"\t" + letters[:7] + b" \t" + letters[7:] + b"\n"


def too_padded(body: bytes) -> bytes:
    return unpadded(body) + b"==="


def in_string(body: bytes) -> bytes:
    return json.dumps(body.decode()).encode()


def as_content(body: bytes) -> bytes:
    """Return a body as a Logic App holds one whose type it was not told."""
    whole = {
        "$content-type": "application/octet-stream",
        "$content": base64.b64encode(body).decode(),
    }
    return json.dumps(whole).encode()


def with_mark(body: bytes) -> bytes:
    return b"\xef\xbb\xbf" + body


BASE64: list[Wrap] = [
    base64.b64encode,
    unpadded,
    url_safe,
    url_safe_unpadded,
    in_lines,
    with_tabs,
    too_padded,
]
ENCODED = {
    "UTF-16 LE, marked": b"\xff\xfe" + TEXT.encode("utf-16-le"),
    "UTF-16 BE, marked": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 LE": TEXT.encode("utf-16-le"),
    "UTF-16 BE": TEXT.encode("utf-16-be"),
    "UTF-32 LE, marked": b"\xff\xfe\x00\x00" + TEXT.encode("utf-32-le"),
    "UTF-32 BE": TEXT.encode("utf-32-be"),
    "UTF-8, marked": with_mark(BODY),
    "UTF-8, marked twice": with_mark(with_mark(BODY)),
    "UTF-8, in blanks": b"\r\n\t " + with_mark(b"  " + BODY + b"\n"),
}
TWICE: list[tuple[Wrap, ...]] = [
    *((one, other) for one in BASE64 for other in BASE64),
    (in_string, in_string),
    (base64.b64encode, in_string),
    (in_string, base64.b64encode),
    (as_content,),
    (as_content, in_string),
    (as_content, base64.b64encode),
    (base64.b64encode, as_content),
    (with_mark, base64.b64encode, with_mark, base64.b64encode),
    (base64.b64encode, in_string, base64.b64encode, in_string),
    (in_string, base64.b64encode, in_string, base64.b64encode),
]


def wrapped(body: bytes, *wraps: Wrap) -> bytes:
    return reduce(lambda inner, wrap: wrap(inner), wraps, body)


def refusal(body: bytes) -> str:
    with pytest.raises(MalformedRequest) as refused:
        read(body)
    assert refused.value.request_id == ""
    assert len(refused.value.reason) < 400
    assert "\n" not in refused.value.reason
    return refused.value.reason


# ----------------------------------------------------------------------------------- undone


@pytest.mark.parametrize("how", BASE64)
@pytest.mark.parametrize("padding", range(3))
def test_base64_is_undone_in_either_alphabet_padded_or_not(how: Wrap, padding: int) -> None:
    assert read(how(BODY + b" " * padding)) == ASKED


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("around", [(), *((how,) for how in BASE64), (as_content,)])
def test_an_encoding_of_text_is_known_by_its_bytes(name: str, around: tuple[Wrap, ...]) -> None:
    assert read(wrapped(ENCODED[name], *around)) == ASKED


@pytest.mark.parametrize("wraps", TWICE)
def test_what_is_wrapped_twice_is_unwrapped(wraps: tuple[Wrap, ...]) -> None:
    assert read(wrapped(BODY, *wraps)) == ASKED


@pytest.mark.parametrize("envelope", [an_alert(), a_cloud_event(), [a_cloud_event()]])
def test_any_envelope_may_be_wrapped(envelope: object) -> None:
    plain = read(sent(envelope))

    assert read(wrapped(sent(envelope), base64.b64encode, base64.b64encode)) == plain
    assert read(wrapped(json.dumps(envelope).encode("utf-16"), unpadded)) == plain
    assert read(as_content(sent(envelope))) == plain


@pytest.mark.parametrize("how", [*BASE64, in_string, as_content])
def test_the_data_of_an_event_are_unwrapped_alike(how: Wrap) -> None:
    data = how(how(json.dumps(a_cloud_event()["data"]).encode())).decode()

    assert read(sent(a_cloud_event(data=data))) == read(sent(a_cloud_event()))


@pytest.mark.parametrize(
    "body",
    [
        {"$content-type": "x", "$content": "e30=", "requestId": "r1"},
        {"$content": "e30="},
        {"$content-type": "x", "$content": ["e30="]},
        {"ContentData": "e30="},
    ],
)
def test_what_is_nearly_the_body_of_a_logic_app_is_not_opened(body: dict[str, object]) -> None:
    assert "no restore request" in refusal_of_any_id(sent(body))


def refusal_of_any_id(body: bytes) -> str:
    with pytest.raises(MalformedRequest) as refused:
        read(body)
    return refused.value.reason


# ------------------------------------------------------------------------------------ too often


@pytest.mark.parametrize("how", BASE64)
def test_base64_more_than_twice_is_refused(how: Wrap) -> None:
    assert "in base64 more than twice. Send the object itself, once." in refusal(
        wrapped(BODY, how, how, how)
    )


@pytest.mark.parametrize(
    "wraps",
    [
        (in_string, in_string, in_string),
        (as_content, in_string, in_string),
        (base64.b64encode, in_string, in_string, in_string),
    ],
)
def test_strings_more_than_two_deep_are_refused(wraps: tuple[Wrap, ...]) -> None:
    assert "it is text: JSON in a string more than twice" in refusal(wrapped(BODY, *wraps))


# ---------------------------------------------------------------------------------------- named

SINGLE = str(fields(validateOnly=True))


@pytest.mark.parametrize(
    ("body", "cause", "remedy"),
    [
        (gzip.compress(BODY), "compressed (gzip)", "uncompressed"),
        (zlib.compress(BODY), "compressed (zlib)", "uncompressed"),
        (b"PK\x03\x04" + BODY, "compressed (zip)", "uncompressed"),
        (b"\x28\xb5\x2f\xfd" + BODY, "compressed (zstd)", "uncompressed"),
        (TEXT.replace("🔥", "").replace("日本", "").encode("cp1252"), "not UTF-8", "as UTF-8"),
        (html.escape(TEXT).encode(), "escaped as in HTML or XML", "as it was before that"),
        (TEXT.replace('"', "&#34;").encode(), "escaped as in HTML", "as it was before"),
        (b"&#123;&quot;a&quot;: 1}", "escaped as in HTML or XML", "as it was before that"),
        (urllib.parse.quote(TEXT).encode(), "URL-encoded", "as it was before that"),
        (urllib.parse.quote_plus(TEXT).encode(), "URL-encoded", "as it was before that"),
        (b"requestId=r1&force=true", "a form (name=value)", "one JSON object"),
        (b"message=%7B%22requestId%22%3A1%7D", "a form (name=value)", "one JSON object"),
        (SINGLE.encode(), "single quotes, as Python", "json.dumps"),
        (b"{u'requestId': u'r1'}", "single quotes, as Python", "JSON library"),
        (b"['r1']", "single quotes, as Python", "JSON library"),
        (b"{\"requestId\": 'r1'}", "a text stands in single quotes", "JSON library"),
        (b"'" + message() + b"'", "single quotes, as a shell", "between them"),
        (b'{"force": True}', "a word stands in it that is no JSON value", "true, false or null"),
        (b'{"reason": None}', "a word stands in it that is no JSON value", "true, false or null"),
        (
            b'{"reason": undefined}',
            "a word stands in it that is no JSON value",
            "true, false or null",
        ),
        (b'{"a": nan}', "a word stands in it that is no JSON value", "true, false or null"),
        (b'{"a": NaN}', "NaN is no JSON value", "Leave it out"),
        (message() + b"\n" + message(), "another JSON value follows", "a message of its own"),
        (message() + b"," + message(), "another JSON value follows", "a message of its own"),
        (message() + b"\n[]\n", "another JSON value follows", "a message of its own"),
        (message() + b"}", "something follows the JSON", "nothing else"),
        (message() + b"\x00", "something follows the JSON", "nothing else"),
        (message()[:-1], "it ends in the middle", "Send it whole"),
        (message()[:40], "it ends in the middle", "Send it whole"),
        (b"{", "it ends in the middle", "Send it whole"),
        (b'{"reason": "the "orders" table"}', "a quotation mark stands", "as an object"),
        (b'{"reason": "two\nlines"}', "a line break or control character", r"as \n"),
        (b'{"reason": "C:\\data"}', "a backslash stands in a text alone", r"as \\"),
        (b'{"a": 1, }', "a comma stands before a closing bracket", "Leave it out"),
        (b'{"a": [1,]}', "a comma stands before a closing bracket", "Leave it out"),
        (b'{"a": }', "something stands where no JSON can", "as an object"),
        (b'{"a": 1,, "b": 2}', "something stands where no JSON can", "as an object"),
        (b'{"a": 1, // x\n"b": 2}', "a comment stands in it", "Leave comments out"),
        (b'{\n# x\n"b": 2}', "a comment stands in it", "Leave comments out"),
        ('{\u00a0"a": 1}'.encode(), "a blank stands in it that is no space", "Write spaces"),
        ("{\u201crequestId\u201d: 1}".encode(), "typographic", "plain ones"),
        (b'{\\"requestId\\": \\"r1\\"}', "its quotation marks are escaped", "Send the object"),
        (b"{requestId: r1}", "without quotation marks, as a shell", "JSON library"),
        (b"{ requestId = r1 }", "without quotation marks, as a shell", "JSON library"),
        (b"@{requestId=r1}", "how a program shows an object", "ConvertTo-Json"),
        (b"System.Collections.Hashtable", "how a program shows an object", "ConvertTo-Json"),
        (b"[object Object]", "how a program shows an object", "JSON.stringify"),
        (b"<QueueMessage>", "it is XML or HTML", "one JSON object"),
        (b"data:application/json;base64,e30=", "a data URL", "what follows its comma"),
        (b"requestId: r1\nforce: true", "YAML", "one JSON object"),
        (b"---\nrequestId: r1", "YAML", "one JSON object"),
        ("\u00ef\u00bb\u00bf{}".encode(), "byte order mark", "as UTF-8"),
        (b"restore my disk!", "it begins like neither", "one JSON object"),
        (b"a+b-c/d_", "it begins like neither", "one JSON object"),
        (b"====", "it begins like neither", "one JSON object"),
        (b"", "it is empty", "one JSON object"),
        (b"\xff\xfe", "it is empty", "one JSON object"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "more digits than can be read", ""),
    ],
)
def test_what_is_not_undone_is_named_with_a_remedy(body: bytes, cause: str, remedy: str) -> None:
    told = refusal(body)

    assert cause in told
    assert remedy in told
    for complaint in ("Expecting", "Extra data", "delimiter", "char ", "codec", "set_int_max"):
        assert complaint not in told


@pytest.mark.parametrize(
    ("inner", "cause"),
    [
        (gzip.compress(BODY), "The message, out of base64, is compressed (gzip)"),
        ('{"a": "Störung"}'.encode("latin-1"), "The message, out of base64, is not UTF-8: byte 9"),
        (b"\xff\xfe{\x00}", "neither JSON nor base64 of JSON"),
        (b"\x00\x01\x02\xff\xfe", "neither JSON nor base64 of JSON"),
        (SINGLE.encode(), "The message is not JSON: its texts stand in single quotes"),
        (html.escape(TEXT).encode(), "The message is not JSON: it is escaped as in HTML"),
        (message() + message(), "The message is not JSON: another JSON value follows the first"),
        (b" ", "The message is not JSON: it is empty"),
    ],
)
@pytest.mark.parametrize("how", [base64.b64encode, url_safe_unpadded])
def test_what_base64_holds_is_named_as_it_would_be_plain(
    inner: bytes, cause: str, how: Wrap
) -> None:
    assert cause in refusal(how(inner))
