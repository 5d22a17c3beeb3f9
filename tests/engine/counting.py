"""The product, in processes that tell what they keep."""

from collections.abc import Sequence
from pathlib import Path

from tests.support.api import Api
from tests.support.server import Server

Kept = dict[str, int]


class CountingServer(Server):
    """A server with a page that counts what its worker keeps for its clients."""

    def command(self) -> Sequence[str | Path]:
        """Return gunicorn with the product and that page."""
        return [*super().command()[:-1], "tests.engine.counting_wsgi:app"]


def kept(api: Api) -> Kept:
    """Return how many of each kind of thing the worker keeps."""
    answer = api.request("GET", "/kept")
    assert answer.ok, answer
    counts: Kept = answer.json
    return counts
