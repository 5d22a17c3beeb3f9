"""What is a request, and what two servers could read differently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport import requests
from app.transport.requests import (
    ChunkedBody,
    Head,
    HeadParser,
    RefusedRequestError,
    TooLargeError,
    check_size,
    tokens,
)

LINE = b"GET /api/rooms?page=2 HTTP/1.1"
HOST = b"Host: timer.example"


def parsed(*lines: bytes) -> Head:
    parser = HeadParser()
    parser.feed(b"\r\n".join([*lines, b"", b""]))
    return parser.head()


def status(*lines: bytes) -> int | None:
    """Return the status of the refusal; none for what is accepted."""
    try:
        parsed(*lines)
    except RefusedRequestError as refusal:
        return refusal.code
    return None


def test_a_head_says_what_wsgi_wants_to_know():
    head = parsed(
        b"POST /api/rooms/%C3%A4?a=%20 HTTP/1.1",
        HOST,
        b"Accept:  text/html ",
        b"Accept: */*\t",
        b"Cookie: a=1",
        b"cookie: b=2",
        b"Content-Type: application/json",
        b"Content-Length: 5",
        b"X-Empty:",
        b"X-Text: \xe4",
        b"content_length: 7",
    )

    assert head.variables == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/api/rooms/\xc3\xa4",
        "QUERY_STRING": "a=%20",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/json",
        "HTTP_HOST": "timer.example",
        "HTTP_ACCEPT": "text/html,*/*",
        "HTTP_COOKIE": "a=1; b=2",
        "HTTP_X_EMPTY": "",
        "HTTP_X_TEXT": "\xe4",
    }
    assert head.length == 5
    assert head.has_length


def test_a_request_may_come_in_pieces_of_whole_lines():
    parser = HeadParser()

    for line in (LINE, HOST, b"X: y", b""):
        parser.feed(line + b"\r\n")

    assert parser.head().variables["HTTP_X"] == "y"


def test_a_head_without_its_end_is_none():
    parser = HeadParser()
    parser.feed(LINE + b"\r\n" + HOST + b"\r\n")

    with pytest.raises(RefusedRequestError):
        parser.head()


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ([], 0),
        ([b"Content-Length: 0"], 0),
        ([b"content-length: \t5 "], 5),
        ([b"Transfer-Encoding: Chunked "], None),
        ([b"Upgrade: websocket", b"Content-Length: 0"], 0),
    ],
)
def test_one_length_or_none_is_clear(headers: list[bytes], length: int | None):
    head = parsed(LINE, HOST, *headers)

    assert head.length == length
    assert head.has_length == any(b"-" in header for header in headers)


@pytest.mark.parametrize(
    "headers",
    [
        [b"Content-Length: 5", b"Content-Length: 5"],
        [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked", b"Content-Length: 5"],
        [b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked"],
        [b"Transfer-Encoding: chunked, chunked"],
        [b"Transfer-Encoding: chunked, gzip"],
        [b"Transfer-Encoding: identity"],
        [b"Transfer-Encoding: xchunked"],
        [b"Transfer-Encoding:"],
        *(
            [b"Content-Length: " + text]
            for text in (b"", b"+5", b"-5", b"0x5", b"5_0", b"5, 5", b"5 5", b"9" * 19)
        ),
        # White space to Python, and none to HTTP.
        *(
            [name + b": " + value + space]
            for name, value in (
                (b"Content-Length", b"5"),
                (b"Transfer-Encoding", b"chunked"),
            )
            for space in (b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xa0")
        ),
        [b"Upgrade: WebSocket", b"Content-Length: 5"],
        [b"Upgrade: h2c, websocket", b"Transfer-Encoding: chunked"],
        [b"Content-Length : 5"],
        [b"Transfer-Encoding:", b" chunked"],
        [b"X: a\rContent-Length: 5"],
        [b"X: a\nContent-Length: 5"],
        [b"X: \0"],
        [b"X: \x7f"],
        [b"\xe4: 5"],
        [b": 5"],
        [b"Content-Length"],
    ],
)
def test_what_two_servers_could_read_differently_is_refused(headers: list[bytes]):
    assert status(LINE, HOST, *headers) == 400


def test_a_body_that_is_coded_in_another_way_as_well_is_not_known_here():
    assert status(LINE, HOST, b"Transfer-Encoding: gzip, chunked") == 501
    assert status(LINE, HOST, b"Transfer-Encoding: gzip,Chunked") == 501


def test_a_client_of_old_sends_no_chunks():
    line = b"POST / HTTP/1.0"

    assert status(line, HOST, b"Transfer-Encoding: chunked") == 400


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"GET / HTTP/1.0", None),
        (b"PROPFIND / HTTP/1.1", None),
        (b"OPTIONS * HTTP/1.1", None),
        (b"get / HTTP/1.1", 501),
        (b"Get / HTTP/1.1", 501),
        (b"FETCH / HTTP/1.1", 501),
        (b"CONNECT timer.example:443 HTTP/1.1", 501),
        (b"GET / HTTP/1.2", 505),
        (b"GET / HTTP/0.9", 505),
        (b"GET / HTTP/2.0", 505),
        (b"PRI * HTTP/2.0", 505),
        (b"GET /", 400),
        (b"GET * HTTP/1.1", 400),
        (b"GET  / HTTP/1.1", 400),
        (b"GET /  HTTP/1.1", 400),
        (b" GET / HTTP/1.1", 400),
        (b"GET / HTTP/1.1 ", 400),
        (b"GET / http/1.1", 400),
        (b"GET / RTSP/1.0", 400),
        (b"GET rooms HTTP/1.1", 400),
        (b"GET /a#b HTTP/1.1", 400),
        (b"GET /\xe4 HTTP/1.1", 400),
        (b"GET /\0 HTTP/1.1", 400),
        (b"GET /a\tb HTTP/1.1", 400),
        (b"G(T / HTTP/1.1", 400),
        (b"\x16\x03\x01\x02\x00", 400),
    ],
)
def test_a_request_line_has_three_words_that_are_known_here(
    line: bytes, expected: int | None
):
    assert status(line, HOST) == expected


@pytest.mark.parametrize(
    "host",
    [
        b"timer.example",
        b"timer.example:3000",
        b"timer_1.example:",
        b"192.0.2.7:80",
        b"[2001:db8::7]:443",
        b"t%C3%A4mer.example",
    ],
)
def test_a_host_is_a_name_or_an_address_with_or_without_a_port(host: bytes):
    assert parsed(LINE, b"Host: " + host).variables["HTTP_HOST"] == host.decode()


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [b""],
        [b"timer.example", b"timer.example"],
        [b"timer.example, other.example"],
        [b"timer.example/path"],
        [b"somebody@timer.example"],
        [b"timer.example:port"],
        [b"timer.example:123456"],
        [b"[2001:db8::7"],
        [b"timer example"],
        [b"t%zzmer.example"],
        [b"t\xe4mer.example"],
    ],
    ids=repr,
)
def test_a_request_names_one_host(hosts: list[bytes]):
    assert status(LINE, *(b"Host: " + host for host in hosts)) == 400


def test_a_client_of_old_need_name_no_host_but_not_two():
    line = b"GET / HTTP/1.0"

    assert "HTTP_HOST" not in parsed(line).variables
    assert status(line, HOST, HOST) == 400
    assert status(line, b"Host:") == 400


@pytest.mark.parametrize(
    ("target", "host", "path", "query"),
    [
        (b"http://other.example:81/a/b?c=d?e", "other.example:81", "/a/b", "c=d?e"),
        (b"HTTPS://other.example", "other.example", "/", ""),
        (b"http://other.example?c", "other.example", "/", "c"),
    ],
)
def test_a_target_that_names_its_host_is_believed(
    target: bytes, host: str, path: str, query: str
):
    variables = parsed(b"GET " + target + b" HTTP/1.1", HOST).variables

    assert variables["HTTP_HOST"] == host
    assert variables["PATH_INFO"] == path
    assert variables["QUERY_STRING"] == query


@pytest.mark.parametrize(
    "target", [b"http:///a", b"http://somebody@x/", b"ftp://x/a", b"http:/a", b"x:80"]
)
def test_a_target_with_a_bad_host_is_none(target: bytes):
    assert status(b"GET " + target + b" HTTP/1.1", HOST) == 400


def test_a_target_that_names_its_host_stands_beside_a_host():
    assert status(b"GET http://other.example/ HTTP/1.1") == 400


@pytest.mark.parametrize(
    ("version", "headers", "keeps"),
    [
        (b"1.1", [], True),
        (b"1.1", [b"Connection: keep-alive"], True),
        (b"1.1", [b"Connection: Close"], False),
        (b"1.1", [b"Connection: keep-alive,\tclose"], False),
        (b"1.1", [b"Connection: upgrade", b"Connection: close"], False),
        (b"1.1", [b"Connection: closer"], True),
        (b"1.0", [], False),
        (b"1.0", [b"Connection: Keep-Alive"], True),
        (b"1.0", [b"Connection: keep-alive, close"], False),
    ],
)
def test_a_client_says_whether_it_keeps_its_connection(
    version: bytes, headers: list[bytes], keeps: bool
):
    assert parsed(b"GET / HTTP/" + version, HOST, *headers).keeps_alive is keeps


def test_a_client_may_wait_to_be_asked_for_its_body():
    expecting = (HOST, b"Content-Length: 5", b"Expect: 100-Continue")

    assert parsed(b"PUT / HTTP/1.1", *expecting).expects_continue
    assert not parsed(b"PUT / HTTP/1.0", *expecting).expects_continue
    assert not parsed(b"PUT / HTTP/1.1", HOST).expects_continue


@pytest.mark.parametrize(
    ("line", "headers", "expected"),
    [
        (requests.MAX_REQUEST_LINE, requests.MAX_HEADER_BYTES, None),
        (requests.MAX_REQUEST_LINE + 1, 0, 414),
        (1, requests.MAX_HEADER_BYTES + 1, 431),
    ],
)
def test_a_head_has_a_longest_length(line: int, headers: int, expected: int | None):
    if expected is None:
        check_size(line, headers)
        return
    with pytest.raises(RefusedRequestError) as refusal:
        check_size(line, headers)
    assert refusal.value.code == expected


def test_names_in_a_list_are_compared_without_case_and_space():
    assert tokens("Upgrade,\tkeep-alive , ") == {"upgrade", "keep-alive", ""}
    assert tokens("close\x0b") == {"close\x0b"}


CHUNKS = b'5\r\nhello\r\n6;name=value;other="a;b"\r\n world\r\n0\r\nX: y\r\n\r\n'


def decoded(data: bytes, maximum: int = 100) -> bytes:
    body = ChunkedBody(maximum)
    body.feed(data)
    assert body.complete
    return body.value()


def test_a_chunked_body_is_put_together_and_its_trailers_are_dropped():
    assert decoded(CHUNKS) == b"hello world"


def test_a_chunked_body_takes_nothing_of_what_follows_it():
    body = ChunkedBody(100)

    assert body.feed(CHUNKS + b"GET / HTTP/1.1\r\n") == len(CHUNKS)
    assert body.feed(b"GET / HTTP/1.1\r\n") == 0


@given(st.lists(st.integers(1, len(CHUNKS)), max_size=20))
def test_a_chunked_body_is_the_same_however_its_bytes_arrive(cuts: list[int]):
    body, held = ChunkedBody(100), bytearray()

    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), None], strict=True):
        held += CHUNKS[start:end]
        del held[: body.feed(held)]

    assert body.complete
    assert body.value() == b"hello world"
    assert not held


@pytest.mark.parametrize(
    "data",
    [
        b"x\r\n",
        b"\r\n",
        b"-5\r\n",
        b"+5\r\n",
        b"0x5\r\n",
        b"5_0\r\n",
        b"5 \r\n",
        b"5\n",
        b"5;a\n",
        b'5;a="b\nc"\r\n',
        b"5;a\r\r\n",
        b"F" * 17 + b"\r\n",
        b"0" * 16 + b"5\r\n",
        b"5\r\nhello!\r\n",
        b"5\r\nhello\n",
        b"5\r\nhello\r0\r\n",
        b"5\r\nhello\r\n0\r\nno trailer\r\n",
        b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n",
        b"5\r\nhello\r\n0\r\nX: \0\r\n\r\n",
        b"5\r\nhello\r\n0\r\nX: y\r\n folded\r\n",
    ],
    ids=repr,
)
def test_a_malformed_chunked_body_is_refused(data: bytes):
    with pytest.raises(RefusedRequestError) as refusal:
        ChunkedBody(100).feed(data)
    assert refusal.value.code == 400


def test_a_chunked_body_has_a_longest_length_by_what_it_says_or_brings():
    assert decoded(b"5\r\nhello\r\n0\r\n\r\n", maximum=11) == b"hello"
    for data in (b"C\r\n", b"6\r\nhello \r\n6\r\n", b"F" * 16 + b"\r\n"):
        with pytest.raises(TooLargeError):
            ChunkedBody(11).feed(data)


@pytest.mark.parametrize(
    "data",
    [
        b"1;" + b"a" * 200,
        b"1;" + b"a" * 200 + b"\r\nx\r\n",
        b"0\r\n" + b"X: y\r\n" * 20,
        b"1\r\na\r\n" * 34,
    ],
    ids=["extension", "whole extension", "trailers", "sizes"],
)
def test_what_frames_a_chunked_body_is_bounded_too(data: bytes):
    with pytest.raises(TooLargeError):
        ChunkedBody(100).feed(data)
