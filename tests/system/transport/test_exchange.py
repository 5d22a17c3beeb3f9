"""Workers tell each other what to broadcast."""

import json
import queue
import time
from collections.abc import Iterator
from contextlib import closing
from statistics import median

import pytest
import redis as redis_client
import socketio

from app.transport.messages import RECOUNT
from tests.support.services import Valkey
from tests.support.waiting import patient, wait_until
from tests.system.transport.exchange import CHANNEL, Peer, peers

# Less than half of what it would wait for Redis; when calm it takes no millisecond.
AT_ONCE_SECONDS = 0.4


@pytest.fixture(params=["local", "redis"])
def single(request: pytest.FixtureRequest) -> Iterator[Peer]:
    is_local = request.param == "local"
    url = "" if is_local else request.getfixturevalue("redis_url")
    with peers(url, 1) as [peer]:
        peer.wait_for_subscription()
        yield peer


@pytest.fixture
def pair(private_redis: Valkey) -> Iterator[list[Peer]]:
    with peers(private_redis.url, 2) as both:
        for peer in both:
            peer.wait_for_subscription()
        yield both


def assert_nothing_more(sender: Peer, receiver: Peer) -> None:
    sender.broadcast("the last")
    assert receiver.next_delivered() == "the last"
    assert receiver.delivered.empty()


def test_a_worker_delivers_its_own_broadcast_once(single: Peer):
    single.broadcast({"a": 1})

    assert single.next_delivered() == {"a": 1}
    assert_nothing_more(single, single)


def test_a_worker_with_a_connection_says_so(single: Peer):
    assert single.facts()["connected"]


def test_workers_hear_that_counts_have_changed(pair: list[Peer], private_redis: Valkey):
    with closing(redis_client.Redis.from_url(private_redis.url)) as client:
        client.publish(CHANNEL, RECOUNT)

    for peer in pair:
        peer.recounts.get(timeout=patient(5))
    pair[0].broadcast("the last")
    for peer in pair:
        assert peer.next_delivered() == "the last"
        assert peer.recounts.empty()


def test_another_worker_delivers_broadcasts_in_their_order(pair: list[Peer]):
    for number in range(200):
        pair[0].broadcast(number)

    assert [pair[1].next_delivered() for _ in range(200)] == list(range(200))
    assert pair[1].facts()["received"] == 200


def test_an_event_that_is_emitted_to_a_room_reaches_the_other_worker(pair: list[Peer]):
    pair[0].emit({"a": 1}, room="hall")

    assert pair[1].next_delivered() == {"a": 1}


def test_an_event_for_everybody_stays_in_its_worker(pair: list[Peer]):
    pair[0].emit({"a": 1}, room=None)

    assert_nothing_more(pair[0], pair[1])


def test_an_event_for_a_client_that_is_gone_stays_in_its_worker(pair: list[Peer]):
    pair[0].emit({"a": 1}, room="a-1.0123456789abcdefghij")

    assert_nothing_more(pair[0], pair[1])


def test_another_program_can_emit(pair: list[Peer], private_redis: Valkey):
    script = socketio.RedisManager(private_redis.url, CHANNEL, write_only=True)
    try:
        script.emit("said", {"a": 1}, room="hall")

        assert [peer.next_delivered() for peer in pair] == [{"a": 1}, {"a": 1}]
    finally:
        script.redis.close()


def test_a_message_that_is_not_for_us_disturbs_nothing(
    pair: list[Peer], private_redis: Valkey
):
    emit = {"method": "emit", "event": "said", "data": [1]}
    nonsense = [
        b"\xff",
        b"[" * 100_000,
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93.",
        json.dumps({"method": "disconnect", "sid": "x", "namespace": "/"}),
        json.dumps({"method": "close_room", "room": "hall", "namespace": "/"}),
        json.dumps(emit),
    ]
    with redis_client.Redis.from_url(private_redis.url) as connection:
        for message in nonsense:
            connection.publish(CHANNEL, message)

    assert_nothing_more(pair[0], pair[1])


def test_a_broadcast_is_not_kept_waiting_while_redis_is_gone(
    pair: list[Peer], private_redis: Valkey
):
    private_redis.kill()

    assert median(pair[0].broadcast(number) for number in range(20)) < AT_ONCE_SECONDS


def test_a_broadcast_is_not_kept_waiting_while_redis_hangs(
    pair: list[Peer], private_redis: Valkey
):
    private_redis.freeze()

    assert median(pair[0].broadcast(number) for number in range(20)) < AT_ONCE_SECONDS


def test_workers_hear_each_other_within_two_seconds_of_redis_coming_back(
    pair: list[Peer], private_redis: Valkey
):
    private_redis.kill()
    wait_until(lambda: not pair[1].facts()["connected"], "the loss is noticed")
    private_redis.start()
    began = time.monotonic()

    for peer in pair:
        peer.wait_for_subscription(timeout=2)
    pair[0].broadcast("back")
    while pair[1].next_delivered(timeout=2) != "back":
        pass

    assert time.monotonic() - began < patient(2)
    assert pair[1].facts()["reconnects"] == 1


def test_a_redis_that_hangs_is_noticed_and_its_return_is_told(
    pair: list[Peer], private_redis: Valkey
):
    private_redis.freeze()
    wait_until(lambda: not pair[1].facts()["connected"], "the hanging is noticed")
    private_redis.thaw()

    pair[1].wait_for_subscription(timeout=3)


def test_what_was_lost_while_redis_hung_is_counted_and_told(
    pair: list[Peer], private_redis: Valkey
):
    private_redis.freeze()
    for number in range(3):
        pair[0].broadcast(number)
    wait_until(lambda: pair[0].facts()["dropped"], "the messages are given up")
    private_redis.thaw()
    for peer in pair:
        peer.wait_for_subscription()
    pair[0].broadcast("back")

    heard = []
    while "back" not in heard:
        heard.append(pair[1].next_delivered())
    assert len(heard) == len(set(heard)), "nothing came twice"
    # Once for listening again, and once for publishing again.
    pair[0].wait_for_subscription()


def test_a_worker_starts_while_redis_is_away(private_redis: Valkey):
    private_redis.kill()
    with peers(private_redis.url, 1) as [peer]:
        assert not peer.facts()["connected"]
        with pytest.raises(queue.Empty):
            peer.subscribed.get_nowait()
        private_redis.start()

        peer.wait_for_subscription()
