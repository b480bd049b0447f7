"""Why a text is no JSON: the cause and the remedy, for whoever wrote the sender. Pure.

The parser says where it gave up, which helps nobody who put texts together or ran the wrong
function. What is known to come is told by its marks; of the rest, the place. No pattern looks
twice at a character. Nothing that stands in the text is repeated: a reason is logged, and what
nobody can read may be anybody's password.
"""

import json
import re
from typing import Final

_AS_JSON: Final = "Write it with a JSON library (json.dumps, JSON.stringify, ConvertTo-Json)."
_AS_IT_WAS: Final = "Send it as it was before that: the client of the queue escapes what must be."
_BUILD: Final = "Build the message as an object, and do not put texts together."

_KINDS: Final = tuple(
    (re.compile(begins, re.IGNORECASE), cause, remedy)
    for begins, cause, remedy in (
        (r"[{\[]?\s*+(?:&quot;|&#34;|&#x22;)", "it is escaped as in HTML or XML", _AS_IT_WAS),
        (r"&(?:#123|#x7b|lcub|lbrace);", "it is escaped as in HTML or XML", _AS_IT_WAS),
        (r"%(?:7B|5B|22)", "it is URL-encoded", _AS_IT_WAS),
        (
            r'[{\[]?\s*+\\+"',
            "its quotation marks are escaped, as within a JSON string, and there is none around it",
            "Send the object, not what stands between the quotation marks.",
        ),
        (
            r"[{\[]\s*+u?'",
            "its texts stand in single quotes, as Python or JavaScript shows an object",
            _AS_JSON,
        ),
        (
            "[{\\[]\\s*+[\u2018-\u201f\u00ab\u00bb\u2033\uff02]",
            "its quotation marks are typographic ones",
            'Write plain ones (").',
        ),
        (
            r"@\{|System\.Collections\.|System\.Object|\[object ",
            "it is how a program shows an object that nobody wrote as JSON",
            _AS_JSON,
        ),
        (r"<", "it is XML or HTML", "Send one JSON object."),
        (r"data:[\w/+.;=-]*+,", "it is a data URL", "Send what follows its comma."),
        (r"'", "it stands in single quotes, as a shell may leave it", "Send what is between them."),
        ("\u00ef\u00bb\u00bf", "its byte order mark was taken for Latin-1", "Send JSON as UTF-8."),
        (
            r"[{\[]\s*+[a-z_]\w*+\s*+[:=]",
            "its names stand without quotation marks, as a shell may leave them",
            _AS_JSON,
        ),
        (r"[\w.-]++=[^=]", "it is a form (name=value)", "Send one JSON object."),
        (
            r"(?:---\s|[\w$.-]++:\s)",
            "it is YAML, or another text of names",
            "Send one JSON object.",
        ),
    )
)

_CUT: Final = (
    "it ends in the middle",
    "Send it whole: was it cut, or a quotation mark forgotten?",
)
_COMMA: Final = ("a comma stands before a closing bracket", "Leave it out.")
_COMPLAINTS: Final = (
    ("Unterminated", *_CUT),
    ("Illegal trailing comma", *_COMMA),  # since Python 3.13
    (
        "Invalid control",
        "a line break or control character stands in a text",
        rf"Write it as \n. {_BUILD}",
    ),
    ("Invalid \\", "a backslash stands in a text alone", rf"Write it as \\. {_BUILD}"),
)
"""Causes that the parser knows, by how it begins to say so."""

_PLACES: Final = tuple(
    (re.compile(begins), cause, remedy)
    for begins, cause, remedy in (
        (
            r"(?:True|False|None|undefined|nan|inf|Infinity)\b",
            "a word stands in it that is no JSON value",
            f"Write true, false or null. {_AS_JSON}",
        ),
        (r"'", "a text stands in single quotes", _AS_JSON),
        (r"//|/\*|#", "a comment stands in it", "Leave comments out."),
        (
            r"[^\S \t\r\n]",
            "a blank stands in it that is no space, as pages have it",
            "Write spaces.",
        ),
    )
)
"""Causes by what stands where the parser gave up."""

_NEXT_VALUE: Final = re.compile(r'[,\s]*+[{\["]')


def why_no_json(text: str, error: json.JSONDecodeError) -> str:
    """Return why the parser gave up on `text`, and what to do: one or two sentences."""
    if not text:
        return "it is empty. Send one JSON object."
    kind = _kind(text)
    if kind:
        return kind
    cause, remedy = _at(text, error)
    return f"{cause} (line {error.lineno}, column {error.colno}). {remedy}"


def why_neither(text: str) -> str:
    """Return why a text that does not begin as JSON is not base64 of it either."""
    return _kind(text) or "it begins like neither. Send one JSON object, plain or in base64 once."


def _kind(text: str) -> str:
    for begins, cause, remedy in _KINDS:
        if begins.match(text):
            return f"{cause}. {remedy}"
    return ""


def _at(text: str, error: json.JSONDecodeError) -> tuple[str, str]:
    """Return cause and remedy of the place where the parser gave up."""
    if error.pos >= len(text):
        return _CUT
    if error.msg.startswith("Extra data"):
        if _NEXT_VALUE.match(text, error.pos):
            return "another JSON value follows the first", "Send each in a message of its own."
        return "something follows the JSON", "Send one JSON object and nothing else."
    for complaint, cause, remedy in _COMPLAINTS:
        if error.msg.startswith(complaint):
            return cause, remedy
    for begins, cause, remedy in _PLACES:
        if begins.match(text, error.pos):
            return cause, remedy
    if text[error.pos] in "}]" and text[: error.pos].rstrip().endswith(","):
        return _COMMA
    if error.msg.startswith("Expecting ',' delimiter"):
        return "a quotation mark stands in a text alone, or a comma is missing", _BUILD
    return "something stands where no JSON can", _BUILD
