"""Limits for what arrives before a request is understood."""

from io import BytesIO

import pytest

from app.transport.requests import LimitedLines, OversizedHeadersError

HEADERS = b"Host: timer.example\r\nAccept: */*\r\n\r\n"


def test_headers_within_the_limit_are_read_line_by_line():
    lines = LimitedLines(BytesIO(HEADERS), maximum=len(HEADERS))

    read = list(iter(lines.readline, b""))

    assert read == HEADERS.splitlines(keepends=True)


def test_headers_over_the_limit_are_refused():
    lines = LimitedLines(BytesIO(HEADERS), maximum=len(HEADERS) - 1)

    with pytest.raises(OversizedHeadersError):
        list(iter(lines.readline, b""))


def test_a_line_without_an_end_is_read_no_further_than_the_limit():
    source = BytesIO(b"a" * 1_000_000)

    with pytest.raises(OversizedHeadersError):
        LimitedLines(source, maximum=100).readline(65_537)
    assert source.tell() == 101


def test_a_shorter_line_may_be_asked_for():
    assert LimitedLines(BytesIO(HEADERS)).readline(4) == b"Host"
