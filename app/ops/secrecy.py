"""What must never appear in a log, and how it is masked."""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "(hidden)"

_SECRET_NAMES = re.compile(
    r"(?i)authorization|sid|jwt|\w*(?:cookie|password|secret|token)"
)
# A share token has 24 characters; links may carry it percent-encoded.
_LONG_WORD = r"[\w%-]{22,}"

# In this order: an `Authorization` is hidden whole before a JWT is looked for in it.
_PATTERNS = (
    # As a header, in a mapping's text and in JSON, whatever quotes and escapes it.
    (
        re.compile(r"(?i)(\bauthorization[\"'\\]*\s*[:=][\s\"'\\]*)[^\r\n\"'\\,}]+"),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),
    (re.compile(rf"(?i)(/api/rooms/|/r/){_LONG_WORD}"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)([?&;](?:sid|\w*token|jwt)=)[^&\s\"'\\]+"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)(share_?token\w{{0,8}}\W{{1,8}}){_LONG_WORD}"), rf"\1{HIDDEN}"),
    # The password of an address such as redis://user:password@host.
    (re.compile(r"(://[^\s:/@]*:)[^\s/@]+@"), rf"\1{HIDDEN}@"),
    # SQLAlchemy's errors quote the values of their statement, on a line of their own.
    (re.compile(r"(^\[parameters: ).*?\]$", re.DOTALL | re.MULTILINE), rf"\1{HIDDEN}]"),
)


def masked(text: str) -> str:
    """Return `text` without what looks like a secret.

    JSON Web Tokens, values of `Authorization`, share tokens in paths, queries and
    payloads, session ids in queries, passwords in addresses, and SQL parameters.
    """
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def masked_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with all texts masked, however deep, and secrets by name."""
    return {name: _masked_field(name, value) for name, value in fields.items()}


def _masked_field(name: str, value: Any) -> Any:
    if isinstance(value, str) and _SECRET_NAMES.fullmatch(name):
        return HIDDEN
    return _masked_value(value)


def _masked_value(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return masked_fields({str(name): inner for name, inner in value.items()})
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked_value(inner) for inner in value]
    # Else its `repr` would be written, unmasked.
    return masked(repr(value))
