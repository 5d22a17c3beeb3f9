"""Links: WebSockets without a greenlet."""

import socket
from collections.abc import Callable, Iterator

import gevent
import pytest
from gevent.event import Event

from app.transport import frames, link
from app.transport.backlog import MAX_BYTES, Ledger
from app.transport.link import Link
from app.transport.parcels import Parcel

MASK = b"\x01\x02\x03\x04"
WAIT_SECONDS = 5


def masked(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    head = bytes(((0x80 if fin else 0) | opcode, 0x80 | len(payload)))
    return head + MASK + frames.unmask(payload, MASK)


def raw(data: bytes) -> Parcel:
    return Parcel((data,), ())


class Client:
    """The other end of a link, and what the link told its owner."""

    def __init__(
        self, max_message_bytes: int = 1000, ledger: Ledger | None = None
    ) -> None:
        ours, self.socket = socket.socketpair()
        self.socket.setblocking(False)
        self.messages: list[str | bytes] = []
        self.closed = Event()
        self.changed = Event()
        self.link = Link(
            ours,
            max_message_bytes,
            at_once=lambda message: message == "3",
            on_message=self._take,
            on_closed=self.closed.set,
            ledger=ledger or Ledger(),
        )

    def _take(self, message: str | bytes) -> None:
        self.messages.append(message)
        self.changed.set()

    def read(self) -> bytes:
        """What has arrived so far; ends with nothing when the link has ended."""
        try:
            return self.socket.recv(1_000_000)
        except (BlockingIOError, ConnectionResetError):
            return b""

    def has_ended(self) -> bool:
        try:
            while self.socket.recv(1_000_000):
                pass
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return True
        return True


def wait_until(condition: Callable[[], bool]) -> None:
    with gevent.Timeout(WAIT_SECONDS):
        while not condition():
            gevent.sleep(0)


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    made.link.start(b"")
    yield made
    made.link.close()
    made.socket.close()
    gevent.sleep(0)


def test_messages_arrive_in_order_however_they_are_cut(client: Client):
    data = masked(frames.TEXT, b"one") + masked(frames.BINARY, b"two")
    for byte in data:
        client.socket.send(bytes((byte,)))
        gevent.sleep(0)

    wait_until(lambda: client.messages == ["one", b"two"])


def test_what_was_read_with_the_handshake_counts():
    client = Client()
    client.link.start(masked(frames.TEXT, b"early"))

    wait_until(lambda: client.messages == ["early"])
    client.link.close()
    client.socket.close()


def test_what_is_done_at_once_reaches_no_greenlet(client: Client):
    client.socket.send(masked(frames.TEXT, b"3") + masked(frames.TEXT, b"after"))

    wait_until(lambda: client.messages == ["after"])


def test_a_message_in_parts_with_a_ping_between_is_one_message(client: Client):
    client.socket.send(
        masked(frames.TEXT, b"he", fin=False)
        + masked(frames.PING, b"?")
        + masked(frames.CONTINUATION, b"llo")
    )

    wait_until(lambda: client.messages == ["hello"])
    assert client.read() == frames.frame(frames.PONG, b"?")


def test_a_frame_is_written_at_once_to_a_client_that_reads(client: Client):
    client.link.write(raw(b"frame"))

    assert client.read() == b"frame"


def test_a_client_that_lags_gets_everything_in_order_once_it_reads(client: Client):
    sent = [bytes((number,)) * 1000 for number in range(200)]
    got = b""
    for frame in sent:
        client.link.write(raw(frame))
        # Now and then a little is read: the backlog is never over its bound.
        got += client.socket.recv(900)

    def all_has_arrived() -> bool:
        nonlocal got
        got += client.read()
        return len(got) == sum(map(len, sent))

    wait_until(all_has_arrived)
    assert got == b"".join(sent)


def test_a_client_that_stops_reading_is_cut_off_at_the_bound(client: Client):
    before = Link.slow.count
    frame = b"x" * 1000
    bound = 10 * (MAX_BYTES + link.SEND_BUFFER_BYTES) // len(frame)
    for _ in range(bound):
        client.link.write(raw(frame))

    with gevent.Timeout(WAIT_SECONDS):
        client.closed.wait()
    assert Link.slow.count == before + 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x81\x05hello", id="no mask"),
        pytest.param(masked(frames.TEXT, b"\xff"), id="no UTF-8"),
        pytest.param(masked(frames.CONTINUATION, b""), id="continues nothing"),
        pytest.param(
            masked(frames.TEXT, b"a", fin=False) + masked(frames.TEXT, b"b"),
            id="a message within a message",
        ),
        pytest.param(b"\x81\xfe\x07\xd0", id="too long by its head alone"),
        pytest.param(masked(frames.CLOSE, (1005).to_bytes(2)), id="no close code"),
    ],
)
def test_what_breaks_the_protocol_ends_the_link(client: Client, data: bytes):
    client.socket.send(data)

    with gevent.Timeout(WAIT_SECONDS):
        client.closed.wait()
    assert client.read()[:1] == b"\x88"


def test_a_client_that_says_goodbye_is_answered_and_gone(client: Client):
    client.socket.send(masked(frames.CLOSE, (1001).to_bytes(2)))

    with gevent.Timeout(WAIT_SECONDS):
        client.closed.wait()
    assert client.read() == frames.frame(frames.CLOSE, (1001).to_bytes(2))


def test_what_follows_a_goodbye_does_not_count(client: Client):
    client.socket.send(masked(frames.CLOSE, b"") + masked(frames.TEXT, b"too late"))

    with gevent.Timeout(WAIT_SECONDS):
        client.closed.wait()
    gevent.sleep(0)
    assert client.messages == []


def test_a_client_that_is_simply_gone_is_noticed(client: Client):
    client.socket.close()

    with gevent.Timeout(WAIT_SECONDS):
        client.closed.wait()


def test_a_frame_larger_than_the_bound_is_taken_as_it_is(client: Client):
    frame = b"x" * 20 * MAX_BYTES
    client.link.write(raw(frame))
    client.link.write(raw(b"the end"))
    got = bytearray()

    def all_has_arrived() -> bool:
        got.extend(client.read())
        return len(got) == len(frame) + len(b"the end")

    wait_until(all_has_arrived)
    assert got.endswith(b"the end")


def test_what_waits_behind_a_large_frame_is_bounded(client: Client):
    before = Link.slow.count
    for _ in range(3):
        client.link.write(raw(b"x" * 20 * MAX_BYTES))

    with gevent.Timeout(WAIT_SECONDS):
        client.closed.wait()
    assert Link.slow.count == before + 1


def test_aborting_drops_what_waits(client: Client):
    client.link.abort()

    wait_until(client.has_ended)
    client.link.write(raw(b"nothing happens"))


def test_what_is_held_leaves_at_release_in_order_and_before_what_follows(
    client: Client,
):
    client.link.hold()
    client.link.write(raw(b"first,"))
    client.link.write(raw(b"second,"))
    assert client.read() == b""

    client.link.release()
    client.link.write(raw(b"third"))

    assert client.read() == b"first,second,third"


def test_a_link_that_ends_while_it_holds_sends_nothing(client: Client):
    client.link.hold()
    client.link.write(raw(b"first"))
    client.link.close()

    client.link.release()

    assert client.has_ended()
    assert client.read() == b""
