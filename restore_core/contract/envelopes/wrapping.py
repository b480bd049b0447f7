"""What senders put around their JSON: encodings of text, and base64. Pure.

Undone is what can be only one thing: JSON begins with two characters of ASCII, so its bytes show
their encoding; what is base64 is only that, in whichever alphabet, with or without its padding.
Compressed text is named and not undone: a small one may hold a large one.
"""

import base64
import json
from typing import Final

from restore_core.contract.envelopes.unreadable import why_neither
from restore_core.errors import MalformedRequest

_COMPRESSED: Final = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x78\x01": "zlib",
    b"\x78\x9c": "zlib",
    b"\x78\xda": "zlib",
}
_MARK: Final = "\ufeff"
_BEGINS: Final = ("{", "[", '"')
_URL_ALPHABET: Final = str.maketrans("-_", "+/")


def is_json(text: str) -> bool:
    """Tell whether a bare text begins as JSON of one of the kinds that can hold a request."""
    return text.startswith(_BEGINS)


def bare(text: str) -> str:
    """Return `text` without the byte order mark before it and the blanks around it."""
    return text.strip().removeprefix(_MARK).strip()


def text_in(data: bytes, it_is: str) -> str:
    """Return the text that bytes are; raise MalformedRequest, which begins with `it_is`."""
    for mark, name in _COMPRESSED.items():
        if data.startswith(mark):
            raise MalformedRequest(
                f"{it_is} compressed ({name}), which is not undone. Send it uncompressed."
            )
    try:
        return _text(data)
    except UnicodeDecodeError as error:
        raise MalformedRequest(
            f"{it_is} not UTF-8: byte {error.start} cannot be read; perhaps it was cut within a "
            "letter, or written as Windows-1252 or Latin-1. Send JSON as UTF-8, plain or base64."
        ) from None


def _text(data: bytes) -> str:
    """Return bytes as text in the encoding that they show, else in UTF-8."""
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        return data.decode()


def out_of_base64(text: str, it_is: str) -> bytes:
    """Return what a text holds in base64; raise MalformedRequest where it is none of JSON."""
    try:
        data = _decoded("".join(text.split()).rstrip("="))
    except ValueError:
        data = b""
    if not data or not _may_be_wanted(data):
        raise MalformedRequest(f"{it_is} neither JSON nor base64 of JSON: {why_neither(text)}")
    return data


def _decoded(letters: str) -> bytes:
    if not {"-", "_"}.isdisjoint(letters):
        if not {"+", "/"}.isdisjoint(letters):
            raise ValueError("two alphabets in one text")
        letters = letters.translate(_URL_ALPHABET)
    return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)


def _may_be_wanted(data: bytes) -> bool:
    """Tell whether bytes are text, or what is worth naming: compressed, or JSON badly encoded."""
    if data.startswith(tuple(_COMPRESSED)) or data.lstrip().startswith((b"{", b"[", b'"')):
        return True
    try:
        _text(data)
    except UnicodeDecodeError:
        return False
    return True
