"""How a poll is answered."""

from app.transport import frames, parcels
from app.transport.packets import Encoded
from app.transport.polling import CHUNK_BYTES, Answer

LARGE = Encoded('{"text":"' + "x" * 3 * CHUNK_BYTES + '"}')


def test_packets_are_separated_and_counted_in_bytes():
    closed: list[bool] = []
    answer = Answer(
        [
            parcels.of_event("said", ("a",)),
            parcels.frame(frames.PONG, b"for WebSockets alone"),
            parcels.of_event("state", (LARGE,)),
        ],
        lambda: closed.append(True),
    )

    headers = dict(answer.headers([("Vary", "Origin")]))
    chunks = list(answer)

    first, second = b"".join(chunks).split(b"\x1e")
    assert first == b'42["said","a"]'
    assert second == f'42["state",{LARGE.text}]'.encode()
    assert headers["Content-Length"] == str(sum(map(len, chunks)))
    assert headers["Vary"] == "Origin"
    # Each is given time of its own.
    assert max(map(len, chunks)) <= 2 * CHUNK_BYTES
    assert not closed
    answer.close()
    assert closed


def test_what_ends_early_lets_go_of_its_packets():
    answer = Answer([parcels.of_event("state", (LARGE,))], lambda: None)

    answer.close()

    assert list(answer) == []
