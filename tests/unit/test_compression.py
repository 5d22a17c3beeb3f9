"""gzip that is made once, follows any head, and leaves the event loop to others."""

import gzip
import random
import zlib
from concurrent.futures import ThreadPoolExecutor

import gevent
import pytest
from flask import Flask, Response
from hypothesis import given
from hypothesis import strategies as st

from app import compression
from app.compression import GzipTail, gzipped

# Enough that compressing it takes a good part of a second.
MUCH = random.Random(7).randbytes(8_000_000)


@given(st.binary(max_size=200), st.binary(max_size=3000))
def test_a_head_and_the_tail_are_one_gzip_member(head, tail):
    sent = GzipTail(tail).after(head)

    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    assert reader.decompress(sent) == head + tail
    assert reader.eof
    assert reader.unused_data == b""


@given(st.lists(st.binary(max_size=50), min_size=2, max_size=4), st.binary())
def test_a_tail_follows_many_heads(heads, data):
    tail = GzipTail(data)

    for head in heads:
        assert gzip.decompress(tail.after(head)) == head + data


def test_the_longest_head_fits_and_a_longer_one_is_an_error():
    longest = bytes(0xFFFF)

    assert gzip.decompress(GzipTail(b"tail").after(longest)) == longest + b"tail"
    with pytest.raises(ValueError, match="too long"):
        GzipTail(b"tail").after(longest + b"x")


def test_other_greenlets_go_on_while_much_is_compressed():
    turns = 0

    def others():
        nonlocal turns
        while True:
            turns += 1
            gevent.sleep(0.001)

    ticking = gevent.spawn(others)
    try:
        assert gzip.decompress(gzipped(MUCH)) == MUCH
    finally:
        ticking.kill()
    assert turns >= 10


def test_who_asks_at_the_same_time_waits_for_one_compression():
    tail = GzipTail(MUCH)
    with ThreadPoolExecutor(3) as pool:
        first, *others = pool.map(lambda _: tail._compressed(), range(3))

    assert all(other is first for other in others)


@pytest.fixture
def ask():
    """Asks a toy application for `body` with an `Accept-Encoding`."""

    def ask(accepted, body="x" * 1000, **described):
        app = Flask("toy")
        compression.init_app(app)
        app.add_url_rule("/", view_func=lambda: Response(body, **described))
        headers = {"Accept-Encoding": accepted} if accepted is not None else {}
        return app.test_client().get("/", headers=headers)

    return ask


@pytest.mark.parametrize(
    "accepted",
    ["gzip", "br, gzip", "*", "gzip;q=0.5", "deflate, GZIP", "identity;q=0.5, gzip"],
)
def test_who_accepts_gzip_gets_it(ask, accepted):
    answer = ask(accepted)

    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == b"x" * 1000
    assert int(answer.headers["Content-Length"]) == len(answer.data)


@pytest.mark.parametrize(
    "accepted",
    [None, "", "br, zstd", "gzip;q=0", "*;q=0", "identity, gzip;q=0.5", "x" * 5000],
)
def test_who_does_not_gets_the_answer_as_it_is(ask, accepted):
    answer = ask(accepted)

    assert "Content-Encoding" not in answer.headers
    assert answer.data == b"x" * 1000


@pytest.mark.parametrize("accepted", [None, "gzip"])
def test_caches_learn_that_the_form_depends_on_what_is_accepted(ask, accepted):
    assert ask(accepted).headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "described",
    [
        {"body": "short"},
        {"content_type": "image/png"},
        {"status": 206},
        {"headers": {"Content-Encoding": "br"}},
        {"body": (part for part in ["x" * 1000])},
    ],
    ids=["short", "a picture", "a part", "encoded already", "a stream without end"],
)
def test_what_gains_nothing_or_cannot_be_is_left_as_it_is(ask, described):
    answer = ask("gzip", **described)

    assert answer.headers.get("Content-Encoding") in (None, "br")
