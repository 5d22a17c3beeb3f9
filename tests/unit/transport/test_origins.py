"""Which web pages may open a connection."""

import pytest

from app.transport.origins import checker

is_allowed = checker(["https://show.example", "http://localhost:5173"])


@pytest.mark.parametrize(
    "origin", ["https://show.example", "HTTPS://Show.Example", "http://localhost:5173"]
)
def test_a_listed_origin_is_allowed(origin: str):
    assert is_allowed(origin, {"HTTP_HOST": "timer.example"})


@pytest.mark.parametrize(
    "origin", ["https://timer.example:3000", "http://TIMER.example:3000"]
)
def test_the_page_that_this_server_served_is_allowed(origin: str):
    assert is_allowed(origin, {"HTTP_HOST": "timer.example:3000"})


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://show.example.evil.example",
        "http://show.example",
        "null",
        "file://timer.example:3000",
        "https://timer.example",
        "https://[",
        "",
        None,
    ],
)
def test_any_other_origin_is_refused(origin: str | None):
    assert not is_allowed(origin, {"HTTP_HOST": "timer.example:3000"})


def test_an_origin_without_a_host_is_not_the_same_as_no_host():
    assert not is_allowed("https://", {})
