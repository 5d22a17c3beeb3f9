"""What the routes read from bodies and queries."""

from collections.abc import Iterator
from typing import Any

import marshmallow as ma
from flask import Flask
from marshmallow import fields


def inputs_of(app: Flask, endpoint: str) -> list[ma.Schema]:
    """Return the schemas of what a route reads, as flask-smorest notes them."""
    arguments = getattr(app.view_functions[endpoint], "_apidoc", {}).get(
        "arguments", {}
    )
    schemas = [given["schema"] for given in arguments.get("parameters", [])]
    return [given() if isinstance(given, type) else given for given in schemas]


def all_fields(schema: ma.Schema) -> Iterator[tuple[str, fields.Field[Any]]]:
    """Return every field with its path, those inside of lists and objects as well."""
    for name, field in schema.fields.items():
        yield from _nested(f"{type(schema).__name__}.{name}", field)


def _nested(path: str, field: fields.Field[Any]) -> Iterator[tuple[str, fields.Field]]:
    yield path, field
    if isinstance(field, fields.List):
        yield from _nested(f"{path}[]", field.inner)
    if isinstance(field, fields.Nested):
        for name, inner in field.schema.fields.items():
            yield from _nested(f"{path}.{name}", inner)
