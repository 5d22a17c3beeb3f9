"""gzip for those who accept it, without holding the event loop.

One coding that every client has, and one entity tag for both forms of an answer: see
docs/decisions/0020. Whatever is long is compressed in a native thread, where zlib
leaves Python to the others.
"""

import threading
import zlib
from collections.abc import Callable
from functools import cached_property

import gevent
from flask import Flask, Response, request

from app.caches import ByteBoundedCache

_LEVEL = 6
# Shorter ones gain nothing.
_SHORTEST = 500
# What zlib does within a millisecond or two; longer is not for the event loop.
_LONGEST_IN_LOOP = 64 * 1024
# The files of the pages, each compressed once: half a megabyte of them.
_KEPT_FILES = 4 * 1024 * 1024
_TYPES = {
    "application/javascript",
    "application/json",
    "application/problem+json",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
    "text/plain",
}
# RFC 1952: deflate, no flags, no time, written by an unknown system.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LONGEST_STORED = 0xFFFF


def init_app(app: Flask) -> None:
    """Compress the answers of `app` that gain by it, each file once."""
    files: ByteBoundedCache[tuple[str, str], bytes] = ByteBoundedCache(_KEPT_FILES)
    app.after_request(lambda response: _compress(response, files))


def accepts_gzip() -> bool:
    """Tell whether the request's sender wants gzip (RFC 9110, section 12.5.3)."""
    accepted = request.accept_encodings
    return accepted["gzip"] > 0 and accepted["gzip"] >= _quality_of_identity()


def gzipped(data: bytes) -> bytes:
    """Return data as gzip; other greenlets go on while much is compressed."""
    return GzipTail(data).after(b"")


class GzipTail:
    """Data that is compressed once, and sent after heads that differ each time."""

    def __init__(self, data: bytes) -> None:
        """Compress `data` when it is first asked for."""
        self.data = data
        self._lock = threading.Lock()

    def after(self, head: bytes) -> bytes:
        """Return `head` and the data as one gzip member (RFC 1952).

        The head stands in a block that is not compressed, which ends at a full byte
        (RFC 1951, section 3.2.4), so that the compressed data can follow as it is.

        Raises:
            ValueError: the head is longer than such a block may be.
        """
        if len(head) > _LONGEST_STORED:
            raise ValueError("the head is too long")
        length = len(head).to_bytes(2, "little")
        complement = (len(head) ^ _LONGEST_STORED).to_bytes(2, "little")
        # The sum is over both. It takes a tenth of a millisecond for the largest room,
        # less than what combining two sums would be worth.
        checksum = zlib.crc32(self.data, zlib.crc32(head))
        return b"".join(
            (
                *(_HEADER, b"\x00", length, complement, head, self._compressed()),
                checksum.to_bytes(4, "little"),
                ((len(head) + len(self.data)) & 0xFFFFFFFF).to_bytes(4, "little"),
            )
        )

    def _compressed(self) -> bytes:
        # Whoever comes while another greenlet compresses takes what that one makes.
        with self._lock:
            return self._deflated

    @cached_property
    def _deflated(self) -> bytes:
        return _outside_of_the_loop(len(self.data), lambda: _deflate(self.data))


def _outside_of_the_loop(size: int, work: Callable[[], bytes]) -> bytes:
    if size <= _LONGEST_IN_LOOP:
        return work()
    result: bytes = gevent.get_hub().threadpool.apply(work)
    return result


def _deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def _compress(
    response: Response, files: ByteBoundedCache[tuple[str, str], bytes]
) -> Response:
    if response.mimetype in _TYPES or response.status_code == 304:
        response.vary.add("Accept-Encoding")
    if not _gains(response) or not accepts_gzip():
        return response
    tag, _ = response.get_etag()
    if not response.is_streamed:
        compressed = gzipped(response.get_data())
    elif tag is not None:
        compressed = _file(response, (request.path, tag), files)
    else:
        # Of what streams, only files are known to end, and have tags.
        return response
    response.set_data(compressed)
    response.headers["Content-Encoding"] = "gzip"
    return response


def _gains(response: Response) -> bool:
    length = response.headers.get("Content-Length", _SHORTEST, type=int)
    return (
        response.status_code < 300
        and response.status_code != 206
        and response.mimetype in _TYPES
        and "Content-Encoding" not in response.headers
        and length >= _SHORTEST
    )


def _file(
    response: Response,
    name: tuple[str, str],
    files: ByteBoundedCache[tuple[str, str], bytes],
) -> bytes:
    response.direct_passthrough = False
    kept = files.get(name)
    if kept is None:
        kept = gzipped(response.get_data())
        files.put(name, kept, len(kept))
    else:
        response.response.close()  # type: ignore[union-attr] # it is an open file
    return kept


def _quality_of_identity() -> float:
    qualities = [q for name, q in request.accept_encodings if name == "identity"]
    return max(qualities, default=0.0)
