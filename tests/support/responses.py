"""What the API answered, whichever way the request travelled."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Response:
    """An HTTP response; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The decoded body, None where it is empty."""
        return json.loads(self.text) if self.text else None

    @property
    def ok(self) -> bool:
        """Whether the request did what it was for."""
        return 200 <= self.status < 300


class RefusedError(Exception):
    """A request that was to succeed did not; `response` says why."""

    def __init__(self, request: str, response: Response) -> None:
        super().__init__(f"{request} answered {response.status}: {response.text}")
        self.response = response
        self.status = response.status
