"""All changes of a room form one sequence, however many operators there are."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.live.show import shown, wait_until_shown
from tests.system.workers import apis_on_each, viewers_on_each

COMMANDS = 200
OPERATORS = 8


def test_concurrent_commands_take_revisions_without_gap_or_repeat(
    cluster, operator, room, connect, viewer_factory
):
    timers = [operator.create_timer(room, f"Timer {n}") for n in range(OPERATORS)]
    created = OPERATORS + 1
    viewers = viewers_on_each(cluster, room, viewer_factory)
    operators = apis_on_each(cluster, connect) + apis_on_each(cluster, connect)

    def command(number):
        api, timer = operators[number], timers[number]
        return [
            api.update_timer(room, timer, title=f"{number}-{turn}")["revision"]
            for turn in range(COMMANDS // OPERATORS)
        ]

    with ThreadPoolExecutor(OPERATORS) as pool:
        revisions = [r for taken in pool.map(command, range(OPERATORS)) for r in taken]

    assert sorted(revisions) == list(range(created + 1, created + COMMANDS + 1))
    final = operator.state(room.share_token)
    assert final["revision"] == created + COMMANDS
    for viewer in viewers:
        wait_until_shown(viewer, final)
        told = Counter(
            event.payload["revision"] for event in viewer.events("timer-update")
        )
        assert told == dict.fromkeys(revisions, 1)


def test_an_operator_s_own_commands_keep_their_order(
    cluster, operator, room, viewer_factory
):
    timer = operator.create_timer(room, "Keynote")
    (viewer, *_) = viewers_on_each(cluster, room, viewer_factory)

    for number in range(50):
        operator.update_timer(room, timer, title=str(number))

    viewer.wait_for("timer-update", lambda update: update["title"] == "49")
    titles = [event.payload["title"] for event in viewer.events("timer-update")]
    assert titles == [str(number) for number in range(50)]


def test_concurrent_starts_choose_one_current_timer(
    cluster, operator, room, connect, viewer_factory
):
    timers = [operator.create_timer(room, f"Timer {n}") for n in range(4)]
    viewers = viewers_on_each(cluster, room, viewer_factory)
    operators = apis_on_each(cluster, connect)

    with ThreadPoolExecutor(4) as pool:
        started = list(
            pool.map(lambda api, timer: api.start(room, timer), operators, timers)
        )

    latest = max(started, key=lambda timer: timer["revision"])
    final = operator.state(room.share_token)
    assert final["currentTimerId"] == latest["id"]
    for viewer in viewers:
        wait_until_shown(viewer, final)
        assert shown(viewer.state())["currentTimerId"] == latest["id"]
