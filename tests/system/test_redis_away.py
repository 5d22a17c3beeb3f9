"""Redis is killed, frozen and comes back: commands and screens hardly notice."""

import itertools
import time
from statistics import median

import pytest

from app.clock import now
from tests.live.show import wait_until_shown
from tests.support.server import Server
from tests.support.services import Valkey
from tests.support.waiting import patient_ms, wait_until
from tests.system.figures import show as show_figures
from tests.system.workers import apis_on_each, viewers_on_each

COMMANDS = 40
# Limits are counted in Redis: here they must not make a command wait for it.
LIMITS = {
    "rate_limit_enabled": True,
    "rate_limit_commands": "100000 per 10 seconds",
    "rate_limit_rooms": "1000 per minute",
}
AWAY = {
    "killed": (lambda server: server.kill(), lambda server: server.start()),
    "frozen": (lambda server: server.freeze(), lambda server: server.thaw()),
}


@pytest.fixture(params=AWAY)
def outage(request):
    """How Redis goes away and how it comes back."""
    return AWAY[request.param]


@pytest.fixture(scope="module")
def unreliable_redis():
    with Valkey() as server:
        yield server


@pytest.fixture(scope="module")
def shared_server(database_factory, unreliable_redis):
    """A server that was started without Redis and has to find it later."""
    unreliable_redis.stop()
    database = database_factory()
    with Server(database, unreliable_redis.url, workers=2, **LIMITS) as server:
        server.wait_for_workers(2)
        yield server


@pytest.fixture
def redis(unreliable_redis, shared_server):
    """Redis, up at the beginning of the test whatever was before."""
    if unreliable_redis.running:
        unreliable_redis.thaw()
    else:
        unreliable_redis.start()
    return unreliable_redis


@pytest.fixture
def server(shared_server, redis, connect):
    api = connect(shared_server)
    wait_until(lambda: health(api) == (200, "up"), "health tells")
    return shared_server


@pytest.fixture
def apis(server, connect):
    return apis_on_each(server, connect)


@pytest.fixture
def room(apis):
    return apis[0].create_room()


@pytest.fixture
def timer(apis, room):
    return apis[0].create_timer(room, "Keynote")


def rename(api, room, timer, title):
    started = time.monotonic()
    api.update_timer(room, timer, title=title)
    return 1000 * (time.monotonic() - started)


def health(api):
    answer = api.request("GET", "/health")
    return answer.status, answer.json["redis"]


def test_commands_are_answered_in_normal_time(apis, room, timer, redis, outage):
    leave, come_back = outage
    before = [rename(apis[0], room, timer, f"before {n}") for n in range(COMMANDS)]

    leave(redis)
    during = [rename(apis[0], room, timer, f"during {n}") for n in range(COMMANDS)]
    come_back(redis)
    after = [rename(apis[0], room, timer, f"after {n}") for n in range(COMMANDS)]

    show_figures("Commands with Redis", before)
    show_figures("Commands without Redis", during)
    show_figures("Commands with Redis again", after)
    assert max(during + after) < patient_ms(1_000)
    assert median(during) < 1_000


@pytest.fixture
def viewers(server, room, viewer_factory):
    return viewers_on_each(server, room, viewer_factory)


def test_viewers_of_all_workers_converge_during_and_live_afterwards(
    apis, room, timer, viewers, redis, outage
):
    leave, come_back = outage

    leave(redis)
    for api in apis:
        wait_until(lambda a=api: health(a) == (200, "down"), "health tells", 6)
    rename(apis[0], room, timer, "Without Redis")
    for viewer in viewers:
        wait_until_shown(viewer, apis[1].state(room.share_token), timeout=5)
    assert all(health(api) == (200, "down") for api in apis)

    come_back(redis)
    returned = now()
    for api in apis:
        wait_until(lambda a=api: health(a) == (200, "up"), "health tells", 3)
    since = [len(viewer.recording) for viewer in viewers]
    rename(apis[0], room, timer, "With Redis again")
    for viewer, before in zip(viewers, since, strict=True):
        viewer.wait_for(
            "timer-update",
            lambda update: update["title"] == "With Redis again",
            timeout=1,
            since=before,
        )
    show_figures("Live again after Redis came back", [now() - returned])
    assert now() - returned <= patient_ms(3_000)
    assert all(not viewer.events("disconnect") for viewer in viewers)


def test_viewers_join_and_timers_finish_without_redis(
    server, apis, room, redis, viewer_factory
):
    redis.kill()
    timer = apis[0].create_timer(room, "Sprint", 1_000)
    apis[0].start(room, timer)
    viewers = viewers_on_each(server, room, viewer_factory)

    for viewer in viewers:
        viewer.wait_until(
            lambda screen: screen.timer(timer["id"])["status"] == "finished"
        )
        viewer.call("ping")
    told = [len(viewer.events("timer-finished")) for viewer in viewers]
    assert max(told) == 1


def tell(api, room, timer, viewer):
    """How long a command takes to a viewer, of another worker perhaps, in ms."""
    begun = time.monotonic()
    revision = api.update_timer(room, timer, title=f"At {begun}")["revision"]
    viewer.wait_until(lambda screen: screen.revision >= revision)
    return 1000 * (time.monotonic() - begun)


def command_in_turn(each, room, timer, seconds):
    """Command through each worker in turn, as fast as its own viewers are told.

    Returns when each revision was answered, and how long each answer took, in ms.
    """
    end, answered, times = time.monotonic() + seconds, {}, []
    turns = itertools.cycle(each)
    while time.monotonic() < end:
        api, viewer = next(turns)
        begun = time.monotonic()
        title = f"No. {len(times)}"
        revision = api.update_timer(room, timer, title=title)["revision"]
        times.append(1000 * (time.monotonic() - begun))
        answered[revision] = now()
        viewer.wait_until(lambda screen, told=revision: screen.revision >= told)
    return answered, times


def known_at(viewer, answered):
    """When the viewer knew each revision, by what it has heard so far.

    It knows what it was told, and all that a whole state is newer than.
    """
    known = {}
    for event in reversed(viewer.events()):
        if event.name == "timer-update":
            known[event.payload["revision"]] = event.at
        elif event.name == "room-state":
            for revision in answered:
                if revision <= event.payload["revision"]:
                    known[revision] = event.at
    return known


def behind(viewer, answered):
    """How long after its answer the viewer knew each revision, in ms."""
    # A timer's latest news completes the screen; the gaps before it are filled later.
    wait_until(lambda: answered.keys() <= known_at(viewer, answered).keys(), "all told")
    known = known_at(viewer, answered)
    return [max(0, known[revision] - at) for revision, at in answered.items()]


@pytest.fixture
def each(apis, viewers):
    """A connection to each worker, and a viewer of it."""
    return list(zip(apis, viewers, strict=True))


@pytest.mark.parametrize("seconds", [5, pytest.param(20, marks=pytest.mark.soak)])
def test_a_show_goes_on_for_seconds_without_redis(
    each, room, timer, redis, outage, seconds
):
    leave, come_back = outage
    apis, viewers = zip(*each, strict=True)
    across = apis[0], room, timer, viewers[1]
    before = [tell(*across) for _ in range(COMMANDS)]

    leave(redis)
    answered, answers = command_in_turn(each, room, timer, seconds)
    final = apis[0].state(room.share_token)
    for viewer in viewers:
        wait_until_shown(viewer, final, timeout=5)
    late = [ms for viewer in viewers for ms in behind(viewer, answered)]

    come_back(redis)
    returned = now()
    for api in apis:
        wait_until(lambda a=api: health(a) == (200, "up"), "health tells", 5)
    # Redis that was frozen is there again before a worker tries anew.
    tell(*across)
    back = now() - returned
    after = [tell(*across) for _ in range(COMMANDS)]

    show_figures(f"Commands while Redis is away for {seconds} s", answers)
    show_figures("Meanwhile, from an answer to the viewers of all workers", late)
    show_figures("To a viewer of another worker, before", before)
    show_figures("To a viewer of another worker, afterwards", after)
    show_figures("As before, since Redis came back", [back])
    assert max(answers) < patient_ms(1_000)
    assert max(late) <= patient_ms(5_000)
    assert back <= patient_ms(3_000)
    assert all(not viewer.events("disconnect") for viewer in viewers)
