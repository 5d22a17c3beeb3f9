"""With nothing but Python, SQLite and no Redis, the whole show works."""

from concurrent.futures import ThreadPoolExecutor

from tests.live.show import COMMANDS, Show, wait_until_shown
from tests.support.waiting import patient_ms


def test_the_whole_show(single, connect, viewer_factory):
    api = connect(single)
    room = api.create_room("Main stage")
    viewers = [viewer_factory(single, room) for _ in range(3)]
    show = Show(api, room)

    for name in ("start another timer", "pause a running timer", "reorder the timers"):
        COMMANDS[name](show)
    show.start("Greeting")

    for viewer in viewers:
        finished = viewer.wait_for("timer-finished")
        assert 0 <= finished.at - finished.payload["endsAt"] <= patient_ms(200)
        wait_until_shown(viewer, show.state())
        viewer.wait_for("user-count", lambda payload: payload["count"] == 3)


def test_concurrent_operators_queue_up_for_sqlite(single, connect, viewer_factory):
    room = connect(single).create_room()
    viewer = viewer_factory(single, room)

    def create(number):
        api = connect(single)
        return [
            api.create_timer(room, f"{number}-{turn}")["revision"] for turn in range(10)
        ]

    with ThreadPoolExecutor(5) as pool:
        revisions = [r for taken in pool.map(create, range(5)) for r in taken]

    assert sorted(revisions) == list(range(2, 52))
    wait_until_shown(viewer, connect(single).state(room.share_token))


def test_a_restart_keeps_everything(server_factory, connect):
    server = server_factory(embedded=True)
    api = connect(server)
    room = api.create_room()
    timer = api.start(room, api.create_timer(room, "Keynote"))

    server.restart()

    again = connect(server)
    assert again.state(room.share_token)["timers"] == [timer]
    assert again.pause(room, timer)["status"] == "paused"


def test_health_tells_that_there_is_no_redis(single, connect):
    health = connect(single).request("GET", "/health")

    assert health.status == 200
    assert health.json == {"status": "ok", "database": "up", "redis": "none"}
