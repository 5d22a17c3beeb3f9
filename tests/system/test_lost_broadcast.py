"""A change whose broadcast was lost reaches every screen within five seconds.

The database holds what a worker leaves that dies between its commit and its broadcast;
the workers that are left must find out by comparing.
"""

from dataclasses import replace

import pytest

from app.clock import now
from tests.live.show import Show, wait_until_shown
from tests.support.waiting import patient_ms
from tests.system.figures import show as show_figures
from tests.system.sql import commit_a_timer_s_title, take_revision, transaction
from tests.system.workers import apis_on_each, viewers_on_each

SECONDS = 5


def test_a_change_that_nobody_told_is_shown_on_every_worker(
    cluster, own_database, operator, room, viewer_factory
):
    timer = operator.create_timer(room, "Keynote")
    viewers = viewers_on_each(cluster, room, viewer_factory)
    committed = now()

    commit_a_timer_s_title(own_database, room, timer, "Committed, never told")

    final = operator.state(room.share_token)
    assert final["timers"][0]["title"] == "Committed, never told"
    for viewer in viewers:
        wait_until_shown(viewer, final, timeout=SECONDS)
    arrived = [viewer.events("room-state")[-1].at - committed for viewer in viewers]
    show_figures("Reconciled after a lost broadcast", arrived)
    assert max(arrived) <= patient_ms(SECONDS * 1_000)


def test_a_later_command_does_not_hide_the_one_that_was_lost(
    cluster, own_database, operator, room, viewer_factory
):
    lost = operator.create_timer(room, "Keynote")
    told = operator.create_timer(room, "Panel")
    viewers = viewers_on_each(cluster, room, viewer_factory)
    commit_a_timer_s_title(own_database, room, lost, "Committed, never told")

    operator.update_timer(room, told, title="Told as usual")

    final = operator.state(room.share_token)
    for viewer in viewers:
        wait_until_shown(viewer, final, timeout=SECONDS)


def test_viewers_are_sent_away_though_nobody_told_that_their_link_ended(
    cluster, own_database, room, viewer_factory
):
    viewers = viewers_on_each(cluster, room, viewer_factory)

    with transaction(own_database) as cursor:
        take_revision(cursor, room)
        cursor.execute(
            "UPDATE rooms SET share_token = 'another-token-of-the-owner' WHERE id = %s",
            (room.id,),
        )

    for viewer in viewers:
        error = viewer.wait_for("error", timeout=SECONDS).payload
        assert error["code"] == "share-token-revoked"


def replace_link_untold(database, room, token):
    with transaction(database) as cursor:
        take_revision(cursor, room)
        cursor.execute(
            "UPDATE rooms SET share_token = %s WHERE id = %s", (token, room.id)
        )


def was_told(viewer, token):
    return any(token in str(event.payload) for event in viewer.events())


@pytest.mark.parametrize("command", ["rename the room", "reorder the timers"])
def test_viewers_of_an_ended_link_are_not_told_the_new_one(
    cluster, own_database, operator, room, viewer_factory, command
):
    show = Show(operator, room)
    viewers = viewers_on_each(cluster, room, viewer_factory)
    ids = [timer["id"] for timer in show.state()["timers"]]
    replace_link_untold(own_database, room, f"new-{room.id}")

    if command == "rename the room":
        operator.update_room(room, name="Foyer")
    else:
        path = f"/api/rooms/{room.id}/timers/reorder"
        order = {"timerIds": ids[::-1]}
        assert operator.request("POST", path, order, room.admin_token).ok

    for viewer in viewers:
        error = viewer.wait_for("error", timeout=SECONDS).payload
        assert error["code"] == "share-token-revoked"
        assert not was_told(viewer, f"new-{room.id}")


def test_who_comes_with_the_new_link_does_not_let_the_old_one_live_on(
    cluster, own_database, operator, room, viewer_factory
):
    old = viewers_on_each(cluster, room, viewer_factory)
    replace_link_untold(own_database, room, f"new-{room.id}")
    renewed = replace(room, share_token=f"new-{room.id}")
    new = viewers_on_each(cluster, renewed, viewer_factory)

    operator.update_room(room, name="Foyer")

    for viewer in old:
        error = viewer.wait_for("error", timeout=SECONDS).payload
        assert error["code"] == "share-token-revoked"
        assert not was_told(viewer, f"new-{room.id}")
    for viewer in new:
        viewer.wait_for("room-update", lambda payload: payload["name"] == "Foyer")
        assert not viewer.events("error")


def test_viewers_learn_of_a_deletion_that_nobody_told(
    cluster, own_database, room, viewer_factory
):
    viewers = viewers_on_each(cluster, room, viewer_factory)

    with transaction(own_database) as cursor:
        cursor.execute("DELETE FROM rooms WHERE id = %s", (room.id,))

    for viewer in viewers:
        deleted = viewer.wait_for("room-deleted", timeout=SECONDS).payload
        assert deleted["id"] == room.id


@pytest.fixture
def server(server_factory, private_redis):
    server = server_factory(workers=2, redis_url=private_redis.url)
    server.wait_for_workers(2)
    return server


def test_a_worker_killed_between_commit_and_publishing_loses_no_command(
    server, private_redis, connect, viewer_factory
):
    api = connect(server)
    room = api.create_room()
    timer = api.create_timer(room, "Keynote")
    _, viewer = viewers_on_each(server, room, viewer_factory)
    doomed, other = apis_on_each(server, connect)
    # Without Redis the worker commits and answers, but has nobody to tell.
    private_redis.kill()
    answer = doomed.update_timer(room, timer, title="Committed, then died")

    server.kill_worker(server.worker_pids()[0])

    viewer.wait_until(
        lambda screen: screen.timer(timer["id"])["revision"] == answer["revision"],
        timeout=SECONDS,
    )
    assert other.state(room.share_token)["timers"][0]["title"] == "Committed, then died"
