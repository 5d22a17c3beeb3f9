"""What one worker does, the viewers of every worker see."""

from tests.live.show import Show, shown, wait_until_shown
from tests.support.waiting import patient_ms
from tests.system.figures import show as show_figures
from tests.system.workers import apis_on_each, viewers_on_each, wait_for_spread


def test_a_command_through_any_worker_reaches_the_viewers_of_all(
    cluster, operator, room, connect, viewer_factory
):
    timer = operator.create_timer(room, "Keynote")
    viewers = viewers_on_each(cluster, room, viewer_factory, each=2)
    wait_for_spread(operator, [2, 2, 2, 2])

    late = []
    for number, api in enumerate(apis_on_each(cluster, connect)):
        title = f"Said to worker {number}"
        api.update_timer(room, timer, title=title)
        for viewer in viewers:
            update = viewer.wait_for("timer-update", lambda t, s=title: t["title"] == s)
            late.append(update.at - update.payload["serverTime"])

    show_figures("From one worker to the viewers of four", late)
    assert max(late) <= patient_ms(100)
    assert all(not viewer.events("error") for viewer in viewers)


def test_a_whole_show_looks_the_same_on_every_worker(
    cluster, operator, room, viewer_factory
):
    show = Show(operator, room)
    viewers = viewers_on_each(cluster, room, viewer_factory)

    show.start("Opening")
    show.delete("Panel")
    show.reverse()
    show.start("Greeting")
    viewers[0].wait_for("timer-finished")

    final = show.state()
    for viewer in viewers:
        wait_until_shown(viewer, final)
        assert len(viewer.events("timer-finished")) == 1


def test_what_one_worker_wrote_every_worker_reads(cluster, connect):
    apis = apis_on_each(cluster, connect)
    room = apis[0].create_room()

    for api in apis:
        timer = api.create_timer(room, "Keynote")
        api.start(room, timer)
        states = [shown(other.state(room.share_token)) for other in apis]
        assert all(state == states[0] for state in states)
        assert states[0]["currentTimerId"] == timer["id"]


def test_viewers_are_counted_over_all_workers(cluster, room, viewer_factory):
    viewers = viewers_on_each(cluster, room, viewer_factory)

    for viewer in viewers:
        viewer.wait_for("user-count", lambda payload: payload["count"] == 4)
