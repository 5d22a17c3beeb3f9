"""The JSON that goes over the wire; given to python-socketio as its `json` module.

A payload that goes to thousands of clients is encoded once, as an `Encoded`, and
spliced into each packet as it is.
"""

import json
import re
from typing import Any

_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)
_NO_MEMBER = re.compile(rb"\s*\}")


class Encoded:
    """A JSON object that is already encoded, in UTF-8.

    python-socketio passes it through: it is neither text, bytes, list nor tuple, so it
    counts as one argument without binary parts.

    Attributes:
        head: its beginning; what `with_field` adds stands here.
        tail: the rest, to its `}`; all that were made of one object share it.
    """

    __slots__ = ("head", "tail")

    def __init__(self, text: str) -> None:
        """Take an object, from its `{` to its `}`.

        Raises:
            ValueError: the text does not begin with `{`.
        """
        if not text.startswith("{"):
            raise ValueError("Encoded is for JSON objects")
        self.head = b"{"
        self.tail = text[1:].encode()

    @property
    def text(self) -> str:
        """The whole object; made anew each time."""
        return (self.head + self.tail).decode()

    def with_field(self, name: str, value: Any) -> "Encoded":
        """Return the object with one more leading member; its own is not copied.

        The object must not have a member `name` yet.
        """
        member = f"{dumps(name)}:{dumps(value)}".encode()
        is_empty = self.head == b"{" and _NO_MEMBER.match(self.tail)
        stamped = Encoded.__new__(Encoded)
        stamped.head = b"{" + member + (b"" if is_empty else b",") + self.head[1:]
        stamped.tail = self.tail
        return stamped


def dumps(value: Any, **_options: Any) -> str:
    """Encode compactly; python-socketio's wish for separators is met already.

    The text can always be encoded as UTF-8, in which it is shortest: an escape takes up
    to three times the bytes of its character. Only half of a surrogate pair, which has
    no UTF-8, is escaped.

    An `Encoded` is spliced in where it stands alone or as an element of the outermost
    list, which is where packets have their payload.

    Raises:
        ValueError: a number is NaN or infinite.
        TypeError: something is not JSON, or an `Encoded` stands deeper.
    """
    if isinstance(value, Encoded):
        return value.text
    if isinstance(value, list) and any(isinstance(part, Encoded) for part in value):
        return f"[{','.join(map(dumps, value))}]"
    return _in_utf8(_encoder.encode(value))


def loads(text: str | bytes, **_options: Any) -> Any:
    """Decode what a client sent.

    Raises:
        ValueError: it is no JSON, it is nested too deeply, or it has NaN or Infinity.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _in_utf8(text: str) -> str:
    if text.isascii():
        return text
    # Half a surrogate stands only inside of a JSON string, where Python's `\udc00` is
    # also JSON's escape.
    return text.encode("utf-8", "backslashreplace").decode()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
