"""The JSON that goes over the wire; given to python-socketio as its `json` module.

A payload that goes to thousands of clients is encoded once, as an `Encoded`, and
spliced into each packet as it is.
"""

import json
from dataclasses import dataclass
from typing import Any

_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JSON object that is already encoded.

    python-socketio passes it through: it is neither text, bytes, list nor tuple, so it
    counts as one argument without binary parts.

    Attributes:
        text: the object, from its `{` to its `}`.
    """

    text: str

    def __post_init__(self) -> None:
        """Refuse what cannot be an object.

        Raises:
            ValueError: the text does not begin with `{`.
        """
        if not self.text.startswith("{"):
            raise ValueError("Encoded is for JSON objects")

    def with_field(self, name: str, value: Any) -> "Encoded":
        """Return the object with one more leading member; its own is not encoded again.

        The object must not have a member `name` yet.
        """
        rest = self.text[1:].lstrip()
        separator = "" if rest.startswith("}") else ","
        return Encoded(f"{{{dumps(name)}:{dumps(value)}{separator}{rest}")


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
