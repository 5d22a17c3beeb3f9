"""Names as they stand on the wire."""


def camel_case(name: str) -> str:
    """Return a Python name as it stands on the wire."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
