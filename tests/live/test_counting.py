"""`user-count` is a number, right in the end, and seldom enough for a full hall."""

import itertools

from tests.support.waiting import wait_until

# A second, less what a busy machine may take from the pause to the stamp.
LEAST_MS = 500


def counts(viewer):
    return [event.payload["count"] for event in viewer.events("user-count")]


def test_everybody_is_told_how_many_watch(room, watch):
    viewers = [watch(room) for _ in range(3)]

    for viewer in viewers:
        viewer.wait_for("user-count", lambda payload: payload["count"] == 3)


def test_a_newcomer_hears_of_a_count_that_is_again_what_the_others_know(room, watch):
    leaves = watch(room)
    watch(room)
    leaves.wait_for("user-count", lambda payload: payload["count"] == 2)

    newcomer = watch(room)
    leaves.disconnect()

    wait_until(lambda: counts(newcomer)[-1] == 2, "the newcomer knows of two")


def test_who_leaves_is_no_longer_counted(room, watch):
    stays, leaves = watch(room), watch(room)
    stays.wait_for("user-count", lambda payload: payload["count"] == 2)

    leaves.disconnect()

    wait_until(lambda: counts(stays)[-1] == 1, "the other one is forgotten")


def test_a_connection_that_joined_nothing_is_no_viewer(room, watch):
    watch()

    assert watch(room).wait_for("user-count").payload["count"] == 1


def test_a_count_is_a_count_and_nothing_else(room, watch):
    payload = watch(room).wait_for("user-count").payload

    assert payload.keys() == {"count", "revision", "serverTime"}
    assert type(payload["count"]) is int
    assert payload["revision"] == 1


def test_the_count_changes_without_a_revision(operator, room, watch):
    viewer = watch(room)
    watch(room)

    viewer.wait_for("user-count", lambda payload: payload["count"] == 2)

    assert operator.state(room.share_token)["revision"] == 1


def test_however_many_join_the_count_comes_at_most_once_a_second(room, watch):
    first = watch(room)
    for _ in range(20):
        watch(room)

    first.wait_for("user-count", lambda payload: payload["count"] == 21)

    # The first count answered its own joining; the others are the room's.
    told = [event.payload["serverTime"] for event in first.events("user-count")[1:]]
    for earlier, later in itertools.pairwise(told):
        assert later - earlier >= LEAST_MS


def test_rooms_are_counted_apart(operator, room, watch):
    other = operator.create_room("Foyer")
    here, there = watch(room), watch(other)
    watch(other)

    there.wait_for("user-count", lambda payload: payload["count"] == 2)

    assert set(counts(here)) == {1}
