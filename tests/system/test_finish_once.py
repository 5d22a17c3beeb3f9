"""A finish is decided once and told in time, however many workers there are."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import pytest

from app.clock import now
from tests.support.waiting import patient_ms, wait_until
from tests.system.figures import show
from tests.system.onlookers import Onlookers
from tests.system.sql import move_ends, start_timers_that_end_in
from tests.system.workers import WEBSOCKET

ROOMS = 50
TIMERS = 10
# Every worker's finisher looks once more before the ends.
LEAD_MS = 3_000
HOUR_MS = 3_600_000
CALM_MS = 50


@pytest.mark.parametrize(
    "late_ms",
    [
        pytest.param(patient_ms(CALM_MS), id="busy"),
        pytest.param(CALM_MS, id="calm", marks=pytest.mark.soak),
    ],
)
def test_five_hundred_timers_of_one_second_finish_once_each_and_in_time(
    cluster, own_database, operator, late_ms
):
    rooms = [operator.create_room(f"Room {number}") for number in range(ROOMS)]
    later = now() + HOUR_MS
    timers = start_timers_that_end_in(own_database, rooms, TIMERS, later)
    with Onlookers(cluster, [room.share_token for room in rooms]) as viewers:
        wait_until(lambda: len(viewers.named("room-state")) == ROOMS, "all watch")
        move_ends(own_database, timers, later - (now() + LEAD_MS))

        wait_until(lambda: finished(viewers) >= timers, "all are told")

        # What every room's viewer hears last is the change after its finishes.
        for room in rooms:
            operator.update_room(room, name="Over")
        wait_until(lambda: len(over(viewers)) == ROOMS, "the end")
        finishes = viewers.named("timer-finished")

    assert len(timers) == ROOMS * TIMERS
    told = Counter(event.payload["id"] for event in finishes)
    assert set(told.values()) == {1}
    if late_ms == CALM_MS:
        assert told.keys() == timers
    for room in rooms:
        # Its creation and its end, and for each timer its start and its finish.
        assert operator.state(room.share_token)["revision"] == 2 + 2 * TIMERS
    assert_in_time(finishes, late_ms)


def finished(viewers):
    """What the viewers know to be finished: by its news, or by a whole state.

    A worker that lags heals a room with its state, which replaces the news on the way.
    """
    known = {event.payload["id"] for event in viewers.named("timer-finished")}
    for state in viewers.named("room-state"):
        timers = state.payload["timers"]
        known |= {timer["id"] for timer in timers if timer["status"] == "finished"}
    return known


def over(viewers):
    news = [*viewers.named("room-update"), *viewers.named("room-state")]
    return {event.viewer for event in news if event.payload["name"] == "Over"}


def assert_in_time(finishes, late_ms):
    decided = [e.payload["serverTime"] - e.payload["endsAt"] for e in finishes]
    arrived = [event.at - event.payload["endsAt"] for event in finishes]
    show("Published after the end", decided)
    show("Arrived after the end", arrived)
    assert min(decided) >= 0
    assert median(decided) <= late_ms
    assert median(arrived) <= late_ms + 50


def test_a_single_timer_finishes_in_time(cluster, operator, room, viewer_factory):
    viewer = viewer_factory(cluster, room, **WEBSOCKET)
    timer = operator.create_timer(room, "Sprint", 1_000)
    operator.start(room, timer)

    finished = viewer.wait_for("timer-finished")

    show("A single finish", [finished.at - finished.payload["endsAt"]])
    assert 0 <= finished.at - finished.payload["endsAt"] <= patient_ms(100)


def test_a_pause_that_races_the_end_either_pauses_or_finishes(
    cluster, operator, room, connect, viewer_factory
):
    viewer = viewer_factory(cluster, room, **WEBSOCKET)
    timers = [operator.create_timer(room, f"Heat {n}", 1_000) for n in range(8)]
    running = [operator.start(room, timer) for timer in timers]
    apis = [connect(cluster) for _ in timers]

    def pause_at_the_end(api, timer):
        viewer.recording.wait(
            lambda: any(e.payload["id"] == timers[0]["id"] for e in finishes(viewer)),
            "the first one ends",
            5,
        )
        path = f"/api/timers/{timer['id']}/pause"
        return api.request("POST", path, token=room.admin_token).status

    with ThreadPoolExecutor(len(apis)) as pool:
        answers = list(pool.map(pause_at_the_end, apis, running))

    viewer.wait_until(
        lambda screen: all(
            timer["status"] in ("finished", "paused")
            for timer in screen.state()["timers"]
        )
    )
    final = operator.state(room.share_token)["timers"]
    told = Counter(event.payload["id"] for event in finishes(viewer))
    for timer, answer in zip(final, answers, strict=True):
        paused = timer["status"] == "paused"
        assert answer == (200 if paused else 409)
        assert told[timer["id"]] == (0 if paused else 1)


def finishes(viewer):
    return viewer.events("timer-finished")
