"""The ways in which viewers come to a room; who is on the stack leaves with it."""

from contextlib import ExitStack

from tests.support.api import Api, Room
from tests.support.senders import HttpSender
from tests.support.server import Server
from tests.system.transport.raw import Connection
from tests.system.wire import Polling, join_packets, websocket_to


def straight(stack: ExitStack, server: Server, room: Room) -> None:
    """Watch over a WebSocket from the beginning."""
    stack.enter_context(Connection(server.port)).join(room.share_token)


def upgraded(stack: ExitStack, server: Server, room: Room) -> None:
    """Watch as the standard client does: long-polling first."""
    polling = stack.enter_context(Connection(server.port))
    sid = polling.open_polling()
    viewer = stack.enter_context(Connection(server.port))
    assert viewer.upgrade(query=f"&sid={sid}") == 101
    viewer.send_text("2probe")
    viewer.read_until(b"3probe")
    viewer.send_text("5")
    viewer.join_over(room.share_token)
    polling.close()


def polling(stack: ExitStack, server: Server, room: Room) -> None:
    """Watch over long-polling; say goodbye when leaving."""
    sender = HttpSender(server.base_url)
    stack.callback(sender.close)
    session = stack.enter_context(Polling(Api(sender)))
    session.post(*join_packets(room.share_token))
    session.poll_until('42["room-state"', 1)


def hasty(stack: ExitStack, server: Server, room: Room) -> None:
    """Ask to watch, and leave before there is an answer."""
    connection = stack.enter_context(websocket_to(server))
    for packet in join_packets(room.share_token):
        connection.send(packet)


def mute(stack: ExitStack, server: Server, room: Room) -> None:
    """Open a WebSocket, and ask for nothing."""
    stack.enter_context(websocket_to(server))
