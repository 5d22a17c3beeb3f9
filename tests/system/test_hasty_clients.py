"""Clients that come, go and send too fast: nothing is left of them."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.waiting import wait_until
from tests.system.wire import Polling, join_packets, websocket_to
from tests.system.workers import WEBSOCKET, socket_stats

THOUSAND = 1_000


@pytest.fixture
def witness(cluster, room, viewer_factory):
    """A viewer who stays."""
    return viewer_factory(cluster, room, **WEBSOCKET)


def wait_for_the_witness_alone(operator, room, witness):
    wait_until(
        lambda: socket_stats(operator)["viewers"]["byRoom"] == {room.id: 1},
        "only the witness watches",
        10,
    )
    wait_until(lambda: socket_stats(operator)["connections"] == 1, "one connection")
    wait_until(
        lambda: witness.events("user-count")[-1].payload["count"] == 1, "the count"
    )
    assert witness.events("disconnect") == []


def test_a_thousand_quick_visits_leave_nobody_behind(cluster, operator, room, witness):
    def visit(_):
        with websocket_to(cluster) as connection:
            for packet in join_packets(room.share_token):
                connection.send(packet)
            connection.recv()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, range(THOUSAND)))

    wait_for_the_witness_alone(operator, room, witness)


@pytest.mark.parametrize("sent", [0, 1, 2])
def test_clients_that_leave_while_they_connect_leave_nothing_behind(
    cluster, operator, room, witness, sent
):
    def visit(_):
        with websocket_to(cluster) as connection:
            for packet in join_packets(room.share_token)[:sent]:
                connection.send(packet)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, range(100)))

    wait_for_the_witness_alone(operator, room, witness)


@pytest.fixture(scope="module")
def single(single_factory):
    """A worker without the sessions that other tests' polling clients leave behind."""
    with single_factory() as server:
        yield server


@pytest.fixture
def polling_room(single, connect):
    return connect(single).create_room()


def test_polling_clients_that_leave_while_they_connect_leave_nothing_behind(
    single, polling_room, connect
):
    for _ in range(20):
        with Polling(connect(single)) as session:
            session.post(*join_packets(polling_room.share_token))

    api = connect(single)
    wait_until(
        lambda: socket_stats(api)["viewers"]["byRoom"] == {}, "nobody watches", 10
    )
    wait_until(lambda: socket_stats(api)["connections"] == 0, "nobody is there")


def test_seventeen_packets_in_one_post_all_count(single, connect):
    pings = [f'42{number}["ping"]' for number in range(17)]
    with Polling(connect(single)) as session:
        session.post("40")
        session.poll_until("40", 1)

        answer = session.post(*pings)

        assert (answer.status, answer.text.lower()) == (200, "ok")
        answers = session.poll_until("43", 17)
    numbers = [int(re.match(r"43(\d+)", packet)[1]) for packet in answers]
    assert sorted(numbers) == list(range(17))


def test_too_many_packets_in_one_post_are_refused_not_dropped(single, connect):
    with Polling(connect(single)) as session:
        session.post("40")

        assert session.post(*['42["ping"]'] * 200).status == 400


def test_a_broken_post_is_refused_and_the_server_goes_on(single, connect):
    with Polling(connect(single)) as session:
        assert session.post("nonsense").status == 400

    assert connect(single).request("GET", "/health").status == 200


def test_a_session_of_nobody_is_refused(single, connect):
    api = connect(single)
    path = "/socket.io/?EIO=4&transport=polling&sid=nobody"

    assert api.request("GET", path).status == 400
    assert api.request("GET", "/health").status == 200
