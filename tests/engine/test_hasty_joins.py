"""A viewer that asks for one thing after another gets them in that order."""

import json

import pytest

from tests.support.waiting import wait_until
from tests.system.transport.raw import Connection, frame

TEXT = 0x1


@pytest.fixture
def server(server_factory):
    return server_factory(1)


def join(share_token, number):
    packet = f'42{number}["join-room",{json.dumps({"shareToken": share_token})}]'
    return frame(TEXT, packet.encode())


def test_of_two_joins_in_one_breath_the_last_one_counts(server):
    api = server.api()
    # The first has to be read from the database, the second is known already.
    unknown, known = api.create_room("Foyer"), api.create_room("Hall")
    with Connection(server.port) as witness, Connection(server.port) as hasty:
        witness.join(known.share_token)
        hasty.open_websocket()
        hasty.send_text("40")
        hasty.send(join(unknown.share_token, 1) + join(known.share_token, 2))
        answers = [hasty.read_until(b'"revision"') for _ in range(2)]

        def watched():
            stats = api.request("GET", "/api/stats/socket").json
            return stats["viewers"]["byRoom"] == {known.id: 2}

        wait_until(watched, "both are in the hall")
    assert b"431[" in answers[0]
