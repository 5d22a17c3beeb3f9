"""What makes the floor tell its viewers."""

import json
import socket

from tests.support.api import Json
from tests.support.crowd import frames
from tests.support.crowd.viewer import Address


class FloorFrames:
    """Has the floor write a frame like that of a server's update.

    Attributes:
        revision: that of the last frame.
    """

    def __init__(self, address: Address) -> None:
        """Become the floor's first connection, which it takes orders from."""
        self._sock = socket.create_connection(address)
        self.revision = 0

    def fileno(self) -> int:
        """Return the connection's file descriptor."""
        return self._sock.fileno()

    def send(self) -> None:
        """Send the frame that the floor is to write to everybody."""
        self.revision += 1
        frame = frames.from_server("timer-update", _update(self.revision))
        self._sock.sendall(len(frame).to_bytes(4) + frame)

    def receive(self) -> bool:
        """Read that the frame was written."""
        if not self._sock.recv(1):
            raise RuntimeError("The floor ended.")
        return True

    def close(self) -> None:
        """Close the connection, which ends the floor."""
        self._sock.close()


def _update(revision: int) -> Json:
    """Return a payload of the size that the product's has."""
    payload: Json = json.loads(
        '{"id":"6b1f4a52-6c4e-4e0e-9d0f-2f5f6f3b8f11",'
        '"roomId":"0d6a2f0e-8a55-4a7c-8f0b-1f6c5e0f7a22",'
        '"title":"Opening keynote","description":"","completionMessage":"",'
        '"position":0,"duration":1800000,"remaining":1800000,"status":"running",'
        '"startedAt":1800000000000,"endsAt":1800001800000,'
        f'"revision":{revision},"updatedAt":1800000000000,"serverTime":1800000000000}}'
    )
    return payload
