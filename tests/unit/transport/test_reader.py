"""The reader of a connection."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.transport.reader import ConnectionReader


@given(st.binary(max_size=2000), st.lists(st.integers(0, 300), max_size=10))
def test_bytes_come_out_in_their_order_whatever_is_asked_for(data, sizes):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        reader = ConnectionReader(ours)

        taken = [
            reader.readline(size) if number % 2 else reader.read(size)
            for number, size in enumerate(sizes)
        ]
        taken.append(reader.take_held())
        taken.append(reader.read())

        assert b"".join(taken) == data


def test_a_line_ends_with_its_line_feed_and_what_follows_is_held():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        reader = ConnectionReader(ours)

        assert not reader.holds_bytes
        assert reader.readline(100) == b"GET / HTTP/1.1\r\n"
        assert reader.holds_bytes
        assert reader.take_held() == b"Host: x\r\n"
        assert not reader.holds_bytes


def test_nothing_is_waited_for_after_the_deadline():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"too late")
        reader = ConnectionReader(ours)
        reader.deadline = 0

        with pytest.raises(TimeoutError):
            reader.read(1)
        assert reader.failed


def test_an_end_that_comes_too_early_is_remembered():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"half")
        theirs.shutdown(socket.SHUT_WR)
        reader = ConnectionReader(ours)

        assert reader.read(4) == b"half"
        assert not reader.failed
        assert reader.read(4) == b""
        assert reader.failed


def test_a_line_longer_than_asked_for_is_cut():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"abcdef\n")
        reader = ConnectionReader(ours)

        assert reader.readline(3) == b"abc"
        assert reader.readline() == b"def\n"
