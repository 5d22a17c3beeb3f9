"""Limits for what arrives before a request is understood."""

from io import BytesIO

import pytest

from app.transport.requests import (
    LimitedLines,
    MalformedHeadersError,
    OversizedHeadersError,
    check_framing,
)

HEADERS = b"Host: timer.example\r\nAccept: */*\r\n\r\n"


def test_headers_within_the_limit_are_read_line_by_line():
    lines = LimitedLines(BytesIO(HEADERS), maximum=len(HEADERS))

    read = list(iter(lines.readline, b"\r\n"))

    assert [*read, b"\r\n"] == HEADERS.splitlines(keepends=True)


def test_headers_over_the_limit_are_refused():
    lines = LimitedLines(BytesIO(HEADERS), maximum=len(HEADERS) - 1)

    with pytest.raises(OversizedHeadersError):
        list(iter(lines.readline, b""))


def test_a_line_without_an_end_is_read_no_further_than_the_limit():
    source = BytesIO(b"a" * 1_000_000)

    with pytest.raises(OversizedHeadersError):
        LimitedLines(source, maximum=100).readline(65_537)
    assert source.tell() == 101


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"Ho",
        b"Host: timer.exam",
        b"Host timer.example\r\n",
        b"Content-Length : 5\r\n",
        b": 5\r\n",
        b" chunked\r\n",
        b"\tchunked\r\n",
        b"X: a\rContent-Length: 5\r\n",
        b"X: a\r\r\n",
        b"X: a\0b\r\n",
        b"\r",
    ],
)
def test_what_is_no_whole_header_line_is_refused(line: bytes):
    with pytest.raises(MalformedHeadersError):
        LimitedLines(BytesIO(line)).readline()


@pytest.mark.parametrize("line", [b"X:\r\n", b"x_y: \xe4\t b:c\r\n", b"X: a\n", b"\n"])
def test_any_whole_header_line_is_handed_on(line: bytes):
    assert LimitedLines(BytesIO(line)).readline() == line


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Content-Length", "0")],
        [("content-length", " 5 ")],
        [("Transfer-Encoding", "Chunked")],
        [("Upgrade", "websocket"), ("Content-Length", "0")],
    ],
)
def test_one_length_or_none_is_clear(headers: list[tuple[str, str]]):
    check_framing(headers, "HTTP/1.1")


@pytest.mark.parametrize(
    "headers",
    [
        [("Content-Length", "5"), ("Content-Length", "5")],
        [("Content-Length", "5"), ("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "gzip"), ("Transfer-Encoding", "chunked")],
        [("Transfer-Encoding", "gzip, chunked")],
        [("Transfer-Encoding", "identity")],
        [("Transfer-Encoding", "xchunked")],
        *(
            [("Content-Length", text)]
            for text in ("", "+5", "-5", "0x5", "5_0", "5, 5")
        ),
        [("Content-Length", "9" * 19)],
        [("Content-Length", "\u0665")],
        [("Upgrade", "WebSocket"), ("Content-Length", "5")],
        [("Upgrade", "websocket"), ("Transfer-Encoding", "chunked")],
    ],
)
def test_lengths_that_could_be_read_in_two_ways_are_refused(
    headers: list[tuple[str, str]],
):
    with pytest.raises(MalformedHeadersError):
        check_framing(headers, "HTTP/1.1")


def test_a_client_of_old_sends_no_chunks():
    with pytest.raises(MalformedHeadersError):
        check_framing([("Transfer-Encoding", "chunked")], "HTTP/1.0")
