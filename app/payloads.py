"""What all payloads share: camelCase names, bounded text and lists, JSON bodies."""

import json
import re
from collections.abc import Callable
from typing import Any, Literal

import marshmallow as ma
from flask import Flask, Request, abort
from flask.json.provider import DefaultJSONProvider
from marshmallow import fields, validate
from webargs.flaskparser import FlaskParser

from app.naming import camel_case
from app.transport import packets

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def init_app(app: Flask) -> None:
    """Answer JSON as everything else sends it: compact, in UTF-8."""
    app.json = _JsonProvider(app)


class _JsonProvider(DefaultJSONProvider):
    def dumps(self, obj: Any, **_options: Any) -> str:
        return packets.dumps(obj)


_Step = tuple[str, str, Callable[[Any], Any] | None]
_PLAIN: dict[type, Callable[[Any], Any] | None] = {
    fields.UUID: str,
    fields.String: None,
    fields.Integer: None,
}


class Payload(ma.Schema):
    """A JSON object with camelCase names that refuses fields it does not know."""

    class Meta:
        unknown = ma.RAISE

    _plan: "list[_Step] | Literal[False] | None" = False

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Return the object as the wire has it.

        As marshmallow does, which looks at each field anew for each object: of objects
        with plain fields, that would be a good part of what a command costs.
        """
        if self._plan is False:
            self._plan = _plan_of(self)
        if many or self.many or self._plan is None or isinstance(obj, dict):
            return super().dump(obj, many=many)
        return {
            key: value if convert is None or value is None else convert(value)
            for name, key, convert in self._plan
            if (value := getattr(obj, name, ma.missing)) is not ma.missing
        }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Name the field on the wire as in Python, but in camelCase."""
        field_obj.data_key = camel_case(field_obj.data_key or field_name)


def _plan_of(schema: ma.Schema) -> list[_Step] | None:
    """Return what a dump of the schema does, where it is as plain as that."""
    plan = []
    for name, field_obj in schema.dump_fields.items():
        kind = type(field_obj)
        if kind not in _PLAIN or field_obj.attribute is not None:
            return None
        plan.append((name, field_obj.data_key or name, _PLAIN[kind]))
    return plan


class Text(fields.String):
    """Text without what databases and screens cannot hold (NUL, lone surrogates)."""

    default_error_messages = {  # noqa: RUF012 - marshmallow reads it from the class
        "unstorable": "Text must not contain NUL or half of a surrogate pair.",
        "blank": "Write at least one visible character.",
    }

    def __init__(self, *, longest: int, blank: bool = True, **kwargs: Any) -> None:
        """Accept up to `longest` characters, surrounding space removed."""
        self._blank = blank
        limits = validate.Length(max=longest) if blank else validate.Length(1, longest)
        super().__init__(validate=limits, **kwargs)

    def _deserialize(self, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(*args, **kwargs).strip()
        if _UNSTORABLE.search(text):
            raise self.make_error("unstorable")
        if not text and not self._blank:
            raise self.make_error("blank")
        return text


class BoundedList(fields.List[Any]):
    """A list of at most so many elements, counted before any of them is looked at.

    Marshmallow's own reads every element before its validators count them.
    """

    def __init__(
        self, inner: fields.Field[Any], *, longest: int, **kwargs: Any
    ) -> None:
        """Accept up to `longest` elements, each as `inner` wants it."""
        self._length = validate.Length(max=longest)
        super().__init__(inner, validate=self._length, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list):
            self._length(value)
        return super()._deserialize(value, *args, **kwargs)


class JsonParser(FlaskParser):
    """Reads bodies that are one JSON object sent as `application/json`."""

    def load_json(self, req: Request, schema: ma.Schema) -> Any:  # noqa: ARG002 - webargs' signature
        """Return the body.

        Raises:
            HTTPException: 415 for another content type, 400 for what is not a JSON
                object, 413 for a body over the limit.
        """
        if not req.is_json:
            abort(415)
        try:
            # Strictly UTF-8 (RFC 8259, section 8.1): the library lets more pass.
            body = json.loads(req.get_data().decode())
        except (ValueError, RecursionError):
            abort(400)
        if not isinstance(body, dict):
            abort(400)
        return body


def instant(description: str, **kwargs: Any) -> fields.Integer:
    """Return a field for an instant: milliseconds since the epoch, UTC."""
    return fields.Integer(
        metadata={
            "description": f"{description} (ms since the epoch, UTC)",
            "example": 1_800_000_000_000,
        },
        **kwargs,
    )
