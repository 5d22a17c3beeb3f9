"""The database is the truth, also when it has lost what workers and screens have seen.

A failover to a standby that lacks the latest commits is made by writing what such a
standby holds; the restores of `docs/operations.md` are in `test_restores.py`.
"""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from tests.support.waiting import wait_until
from tests.system.screens import Screens
from tests.system.sql import transaction
from tests.system.workers import apis_on_each

HUGE = 10**15


@pytest.fixture
def timer(operator, room):
    return operator.create_timer(room, "Keynote")


@pytest.fixture
def screens(cluster, room, timer, viewer_factory, standard_clients):
    return Screens(cluster, room, viewer_factory, standard_clients)


def lose_the_start(cursor, room, timer, revision, stamp):
    """Write what a database holds that never heard of the timer's start."""
    cursor.execute(
        "UPDATE timers SET status = 'idle', started_at = NULL, ends_at = NULL,"
        " revision = 2 WHERE id = %s",
        (timer["id"],),
    )
    cursor.execute(
        "UPDATE rooms SET current_timer_id = NULL, revision = %s, stamp = %s"
        " WHERE id = %s",
        (revision, stamp, room.id),
    )


def test_every_screen_goes_back_with_the_database(
    own_database, operator, room, timer, screens
):
    operator.start(room, timer)
    operator.update_room(room, name="Lost as well")
    screens.wait_until_all_show_the_room()

    with transaction(own_database) as cursor:
        lose_the_start(cursor, room, timer, 2, "before")
        cursor.execute("UPDATE rooms SET name = 'Kept' WHERE id = %s", (room.id,))

    screens.wait_until_all_show_the_room()
    assert all(screens.told_to_go_back())
    operator.update_timer(room, timer, title="After it all")
    screens.wait_until_all_show_the_room()


def test_another_revision_of_the_same_number_is_shown_by_every_screen(
    own_database, operator, room, timer, screens
):
    operator.start(room, timer)
    screens.wait_until_all_show_the_room()

    with transaction(own_database) as cursor:
        lose_the_start(cursor, room, timer, 3, "again1")
        cursor.execute("UPDATE rooms SET name = 'Made again' WHERE id = %s", (room.id,))

    screens.wait_until_all_show_the_room()
    assert all(screens.told_to_go_back())


def test_a_change_that_follows_another_revision_of_the_same_number_does_not_hide_it(
    own_database, operator, room, timer, screens
):
    operator.start(room, timer)
    screens.wait_until_all_show_the_room()

    with transaction(own_database) as cursor:
        lose_the_start(cursor, room, timer, 3, "again1")
    operator.update_room(room, name="Revision 4, told at once")

    screens.wait_until_all_show_the_room()
    assert all(screens.told_to_go_back())


def test_nobody_is_told_to_go_back_while_all_is_well(
    cluster, connect, room, timer, screens
):
    apis = apis_on_each(cluster, connect)

    def command(api):
        for number in range(25):
            api.update_timer(room, timer, title=f"No. {number}")

    with ThreadPoolExecutor(len(apis)) as pool:
        list(pool.map(command, apis))

    screens.wait_until_all_show_the_room()
    assert not any(screens.told_to_go_back())


@pytest.fixture
def odd_server(server_factory, private_redis):
    return server_factory(workers=1, redis_url=private_redis.url)


@pytest.fixture
def emit(private_redis):
    """Publishes on the workers' channel, as any program can that reaches Redis."""

    def emit(event, room, **payload):
        message = {"method": "emit", "event": event, "data": [payload], "room": room.id}
        with redis.Redis.from_url(private_redis.url) as connection:
            connection.publish("live-timer", json.dumps(message))

    return emit


def warnings_of(server):
    log = server.read_log()
    return log.count("is behind what was heard") + log.count("database went back")


def test_a_join_and_a_sync_end_whatever_was_heard(
    odd_server, emit, viewer_factory, connect
):
    api = connect(odd_server)
    room = api.create_room()
    viewer = viewer_factory(odd_server, room)
    emit("room-update", room, **{**room.created, "revision": HUGE, "name": "Forged"})
    viewer.wait_for("room-update", lambda update: update["revision"] == HUGE)

    answer = viewer.call("request-sync", {"revision": 1})
    late = viewer_factory(odd_server)
    joined = late.join(room.share_token)

    assert answer["revision"] == joined["revision"] == 1
    for each in (viewer, late):
        each.wait_until_shows(api.state(room.share_token))
    wait_until(lambda: warnings_of(odd_server), "it is logged")
    assert warnings_of(odd_server) == 1


def test_a_join_ends_though_nobody_watched_when_something_odd_was_heard(
    odd_server, emit, viewer_factory, connect
):
    api = connect(odd_server)
    other, room = api.create_room("Told after it"), api.create_room()
    witness = viewer_factory(odd_server, other)
    emit("timer-update", room, id="odd", revision=HUGE)
    emit("said", other)
    witness.wait_for("said")

    answer = viewer_factory(odd_server).join(room.share_token)

    assert answer["revision"] == 1


def test_an_odd_message_does_not_keep_later_news_from_being_told_in_order(
    odd_server, emit, viewer_factory, connect
):
    api = connect(odd_server)
    room = api.create_room()
    viewer = viewer_factory(odd_server, room)
    state = {**api.state(room.share_token), "revision": HUGE}
    emit("room-state", room, **state)
    viewer.wait_for("room-state", lambda state: state["revision"] == HUGE)

    viewer.wait_for("room-state", lambda state: state.get("restored"))

    api.update_room(room, name="Told as ever")
    viewer.wait_until_shows(api.state(room.share_token))
