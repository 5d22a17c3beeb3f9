"""What workers tell each other over Redis, in python-socketio's own format.

So a script with `socketio.RedisManager(url, channel, write_only=True)` can emit too.
Whoever can publish must not control sessions: of the methods only `emit` is read.
"""

from dataclasses import dataclass, field
from typing import Any, TypeGuard

from app.transport import packets

NAMESPACE = "/"
MAX_NAME = 100
RECOUNT = '{"method":"recount"}'
"""Says that a worker's counts of clients, which it keeps elsewhere, have changed."""
_PAIR = 2


@dataclass(frozen=True)
class Broadcast:
    """An event for everybody in a room.

    Attributes:
        room: the room's name.
        event: the event's name.
        data: its payload: JSON, an `Encoded`, or a tuple of them for several arguments.
        also: further events with their payloads, which arrive with it or not at all.
        aside: what the publisher tells `deliver` beside the payload, by name; clients
            are not told, and other programs do not say it.
    """

    room: str
    event: str
    data: Any
    also: tuple[tuple[str, Any], ...] = ()
    aside: dict[str, str] = field(default_factory=dict)

    def events(self) -> list[tuple[str, Any]]:
        """Return every event with its payload, in order."""
        return [(self.event, self.data), *self.also]


@dataclass(frozen=True)
class Message:
    """A broadcast on its way between workers.

    Attributes:
        host: who published it.
        number: counts up for each host, so that a message that was sent again is known;
            None where the host does not count.
    """

    host: str
    number: int | None
    broadcast: Broadcast


class UnreadableMessageError(ValueError):
    """A message on the channel that is malformed or not for us."""


def encode(message: Message) -> str:
    """Return the text to publish.

    Raises:
        ValueError: the payload has a number that is NaN or infinite.
        TypeError: the payload is not JSON.
    """
    broadcast = message.broadcast
    data = broadcast.data
    head = {
        "method": "emit",
        "event": broadcast.event,
        "namespace": NAMESPACE,
        "room": broadcast.room,
        "skip_sid": None,
        "callback": None,
        "binary": False,
        "host_id": message.host,
        "number": message.number,
        "also": broadcast.also,
        "aside": broadcast.aside,
    }
    arguments = packets.dumps(list(data) if isinstance(data, tuple) else [data])
    return f'{packets.dumps(head)[:-1]},"data":{arguments}}}'


def signature(host: str) -> bytes:
    """Return what a message of that host holds, and no other: see `encode`.

    In what is quoted, as in a title, quotation marks are escaped.
    """
    return f'"host_id":{packets.dumps(host)}'.encode()


def decode(text: bytes) -> Message:
    """Read a message from the channel.

    Raises:
        UnreadableMessageError: it is no `emit` of JSON to a room.
    """
    try:
        fields = packets.loads(text)
    except ValueError as error:
        raise UnreadableMessageError(f"no JSON: {error}") from error
    if not isinstance(fields, dict) or fields.get("method") != "emit":
        raise UnreadableMessageError("only the method emit is understood")
    if any(fields.get(name) for name in ("binary", "callback", "skip_sid")):
        raise UnreadableMessageError("only JSON for a whole room is understood")
    return _message(fields)


def _message(fields: dict[str, Any]) -> Message:
    room, event, data = (fields.get(name) for name in ("room", "event", "data"))
    host, number = fields.get("host_id"), fields.get("number")
    if not (_is_name(room) and _is_name(event)):
        raise UnreadableMessageError("a room and an event are wanted")
    if fields.get("namespace") not in (None, NAMESPACE):
        raise UnreadableMessageError("the namespace is unknown")
    if not isinstance(data, list):
        raise UnreadableMessageError("the data is no list")
    return Message(
        host=host if _is_name(host) else "",
        number=number if type(number) is int else None,
        broadcast=Broadcast(
            room,
            event,
            data[0] if len(data) == 1 else tuple(data),
            _further_events(fields.get("also")),
            _aside(fields.get("aside")),
        ),
    )


def _is_name(value: Any) -> TypeGuard[str]:
    # Names are remembered, and whoever publishes may choose them.
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def _further_events(also: Any) -> tuple[tuple[str, Any], ...]:
    # Ours alone: python-socketio's own messages hold one event each.
    if not isinstance(also, list):
        return ()
    if not all(
        isinstance(pair, list) and len(pair) == _PAIR and isinstance(pair[0], str)
        for pair in also
    ):
        raise UnreadableMessageError("further events are pairs of name and payload")
    return tuple((name, payload) for name, payload in also)


def _aside(aside: Any) -> dict[str, str]:
    if not isinstance(aside, dict):
        return {}
    return {name: word for name, word in aside.items() if isinstance(word, str)}


class Repeats:
    """Recognises messages that were published twice.

    A time-out leaves it open whether Redis took a message, so it is sent again.
    """

    def __init__(self, hosts: int = 1000) -> None:
        """Remember the newest number of so many hosts."""
        self._hosts = hosts
        self._newest: dict[str, int] = {}

    def is_repeat(self, message: Message) -> bool:
        """Note a message; tell whether it was here before."""
        if message.number is None:
            return False
        newest = self._newest.pop(message.host, -1)
        self._newest[message.host] = max(newest, message.number)
        if len(self._newest) > self._hosts:
            del self._newest[next(iter(self._newest))]
        return message.number <= newest
