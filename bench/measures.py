"""The measurements: each takes a running show and adds its figures."""

import contextlib
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.figures import Figures, percentile
from bench.servers import Floor
from bench.stage import Show
from bench.triggers import FloorFrames
from bench.usage import Usage
from tests.support.crowd.commands import Commands, starts_and_pauses
from tests.support.crowd.crowd import Crowd, Trigger
from tests.support.crowd.viewer import PlainViewer

_MS, _US = 1e3, 1e6
_LEAD_MS = 3_000
_FAR_MS = 6 * 3_600_000
_ROOMS = 50
_AT_THE_DOOR = 2_000
_WARM_BURSTS = 4

IN_PRODUCTION = "production_"
"""What the keys begin with of what is measured with rate limits and logs."""


@dataclass(frozen=True)
class Size:
    """How much a run measures.

    Attributes:
        crowds: how many viewers, growing.
        deliveries: how many messages a round delivers to each crowd, at least.
        commands: how many a round sends in a row.
        warm_commands: how many each server gets before it is measured.
        at_once: how many commands are sent at once.
        bursts: how often a round sends so many.
        timers: how many run while nothing happens.
        idle_seconds: how long nothing happens.
        watch_seconds: how long a crowd watches while nothing happens; in Engine.IO's
            25 s each viewer is pinged once.
        finishes: how many timers end at one instant.
        rounds: how often everything is measured.
        slow_rounds: how often that is measured which takes its time.
    """

    crowds: Sequence[int] = (1_000, 4_000)
    deliveries: int = 40_000
    commands: int = 500
    warm_commands: int = 1_000
    at_once: int = 200
    bursts: int = 10
    timers: Sequence[int] = (0, 1_000, 10_000)
    idle_seconds: float = 5.0
    watch_seconds: float = 25.0
    finishes: int = 500
    rounds: int = 5
    slow_rounds: int = 3


QUICK = Size(
    crowds=(300,),
    deliveries=6_000,
    commands=200,
    warm_commands=200,
    bursts=4,
    timers=(1_000,),
    idle_seconds=2.0,
    watch_seconds=2.0,
    rounds=2,
    slow_rounds=1,
)


@dataclass(frozen=True)
class Recorder:
    """Adds one column's figures.

    Attributes:
        figures: all of them.
        column: whose these are.
        prefix: what their keys begin with.
    """

    figures: Figures
    column: str
    prefix: str = ""

    def add(self, key: str, value: float) -> None:
        """Add a figure."""
        self.figures.add(self.prefix + key, self.column, value)


def measure_commands(show: Show, count: int, record: Recorder) -> float:
    """Send commands one after another: how many a second, and what each costs.

    Returns the CPU seconds of one.
    """
    times = []
    used, begun = show.usage.cpu_seconds(), time.perf_counter()
    for _ in range(count):
        sent = time.perf_counter()
        show.commands.run()
        times.append(time.perf_counter() - sent)
    elapsed = time.perf_counter() - begun
    record.add("commands_per_second", count / elapsed)
    cost = (show.usage.cpu_seconds() - used) / count
    record.add("command_cpu", cost * _US)
    record.add("command_median", median(times) * _MS)
    record.add("command_p99", percentile(times, 0.99) * _MS)
    return cost


def measure_at_once(show: Show, count: int, bursts: int, record: Recorder) -> None:
    """Send commands to one room at once, each on a connection of its own.

    Each is for another timer, and all of a burst start or all of them pause: whichever
    comes first, each changes something.
    """
    room = show.api.create_room("Everybody at once")
    show.add_running_timers([room], count, _now_ms() + _FAR_MS)
    timers = show.api.state(room.share_token)["timers"]
    with contextlib.ExitStack() as stack:
        commands = [
            stack.enter_context(
                contextlib.closing(starts_and_pauses(show.server.address, room, timer))
            )
            for timer in timers
        ]
        show.usage.wait_until_calm()
        for _ in range(_WARM_BURSTS):
            _send_at_once(commands)
        times = [_send_at_once(commands) for _ in range(bursts)]
    record.add("at_once", median(times) * _MS)


def _send_at_once(commands: Sequence[Commands]) -> float:
    """Return the seconds from the first request to the last whole answer."""
    waiting = {each.fileno(): each for each in commands}
    with select.epoll() as epoll:
        for fd in waiting:
            epoll.register(fd, select.EPOLLIN)
        begun = time.perf_counter()
        for each in commands:
            each.send()
        while waiting:
            for fd, _ in epoll.poll():
                if waiting[fd].receive():
                    del waiting[fd]
    return time.perf_counter() - begun


def measure_crowds(
    show: Show, size: Size, command_cpu: float, record: Recorder
) -> None:
    """Let growing crowds join and be told: joins, memory, fan-out."""
    empty = show.usage.memory_bytes()
    with Crowd(show.server.address) as crowd:
        for count in size.crowds:
            _measure_joining(show, crowd, count, record)
            memory = show.usage.memory_bytes() - empty
            record.add(f"viewer_memory_{count}", memory / count / 1024)
            fan = _Fan(crowd, show.commands, show.usage, command_cpu)
            fan.measure(count, size.deliveries, record)


def measure_floor(server: Floor, size: Size, record: Recorder) -> None:
    """Measure the loop that only writes."""
    frames = FloorFrames(server.address)
    usage = Usage(server.pid)
    with Crowd(server.address, PlainViewer) as crowd:
        for count in size.crowds:
            _fill_floor(crowd, frames, count)
            _Fan(crowd, frames, usage).measure(count, size.deliveries, record)
    frames.close()


def _fill_floor(crowd: Crowd, frames: FloorFrames, count: int) -> None:
    # It lets in whoever waits at its door when it is told to write.
    while missing := count - len(crowd.viewers):
        crowd.join([""] * min(missing, _AT_THE_DOOR))
        for viewer in crowd.viewers.values():
            # The floor tells nobody where it is.
            viewer.revision = frames.revision
        crowd.deliver(frames)


def measure_two_workers(show: Show, size: Size, record: Recorder) -> None:
    """Measure the fan-out of the largest crowd over two workers."""
    count = size.crowds[-1]
    with Crowd(show.server.address) as crowd:
        crowd.join([show.room.share_token] * count)
        crowd.wait_for_count(count)
        show.usage.wait_until_calm(crowd.watch)
        fan = _Fan(crowd, show.commands, show.usage)
        fan.measure(count, size.deliveries, record, suffix="_two_workers")


def measure_idle_viewers(show: Show, size: Size, record: Recorder) -> None:
    """Measure what the largest crowd costs while it only watches."""
    count = size.crowds[-1]
    with Crowd(show.server.address) as crowd:
        crowd.join([show.room.share_token] * count)
        crowd.wait_for_count(count)
        show.usage.wait_until_calm(crowd.watch)
        share = _share_of_a_core(show, crowd, size.watch_seconds)
        record.add(f"idle_viewers_{count}", share * _MS)


def measure_running_timers(show: Show, size: Size, record: Recorder) -> None:
    """Measure what running timers cost while nothing happens, watched by a few."""
    rooms = [show.api.create_room(f"Room {number}") for number in range(_ROOMS)]
    running = 0
    for count in size.timers:
        more = (count - running) // _ROOMS
        if more:
            show.add_running_timers(rooms, more, _now_ms() + _FAR_MS)
        running = count
        with Crowd(show.server.address) as crowd:
            crowd.join([room.share_token for room in rooms])
            show.usage.wait_until_calm(crowd.watch)
            share = _share_of_a_core(show, crowd, size.idle_seconds)
            record.add(f"running_timers_{count}", share * _MS)


def measure_finishes(show: Show, count: int, record: Recorder) -> None:
    """Let timers end at one instant; measure how late their viewers know."""
    rooms = [show.api.create_room(f"Room {number}") for number in range(_ROOMS)]
    ends_at = _now_ms() + _LEAD_MS
    show.add_running_timers(rooms, count // _ROOMS, ends_at)
    with Crowd(show.server.address) as crowd:
        crowd.join([room.share_token for room in rooms])
        crowd.watch_until(
            lambda: len(crowd.finishes) >= count, "Not every timer finished."
        )
    late = [arrived - end for end, arrived in crowd.finishes]
    record.add("finish_median", median(late))
    record.add("finish_p99", percentile(late, 0.99))
    record.add("finish_max", max(late))


def measure_latency(show: Show, count: int, record: Recorder) -> None:
    """Measure the time from POST to the event of the only viewer."""
    with Crowd(show.server.address) as crowd:
        crowd.join([show.room.share_token])
        times = [crowd.deliver(show.commands).last for _ in range(count)]
    record.add("event_median", median(times) * _MS)
    record.add("event_p99", percentile(times, 0.99) * _MS)


def _share_of_a_core(show: Show, crowd: Crowd, seconds: float) -> float:
    used, begun = show.usage.cpu_seconds(), time.perf_counter()
    crowd.watch(seconds)
    return (show.usage.cpu_seconds() - used) / (time.perf_counter() - begun)


def _measure_joining(show: Show, crowd: Crowd, count: int, record: Recorder) -> None:
    more = count - len(crowd.viewers)
    used = show.usage.cpu_seconds()
    seconds = crowd.join([show.room.share_token] * more)
    record.add(f"joins_per_second_{count}", more / seconds)
    crowd.wait_for_count(count)
    show.usage.wait_until_calm(crowd.watch)
    record.add(f"join_cpu_{count}", (show.usage.cpu_seconds() - used) / more * _US)


@dataclass(frozen=True)
class _Fan:
    """Delivers updates to a crowd, one after another.

    Attributes:
        crowd: who is told.
        trigger: what makes the server tell.
        usage: what that costs the server, the command included.
        command_cpu: what the command alone costs, in CPU seconds.
    """

    crowd: Crowd
    trigger: Trigger
    usage: Usage
    command_cpu: float = 0.0

    def measure(
        self, count: int, messages: int, record: Recorder, suffix: str = ""
    ) -> None:
        """Deliver at least so many messages to `count` viewers."""
        updates = max(5, messages // count)
        mine, used = time.process_time(), self.usage.cpu_seconds()
        deliveries = [self.crowd.deliver(self.trigger) for _ in range(updates)]
        used = self.usage.cpu_seconds() - used
        mine = time.process_time() - mine
        delivered = updates * count
        record.add(f"delivery_cpu_{count}{suffix}", used / delivered * _US)
        alone = used / delivered - self.command_cpu / count
        record.add(f"fan_out_cpu_{count}{suffix}", alone * _US)
        record.add(f"load_cpu_{count}{suffix}", mine / delivered * _US)
        for name, of in _MOMENTS.items():
            times = [of(delivery) for delivery in deliveries]
            record.add(f"{name}_{count}{suffix}", median(times) * _MS)


_MOMENTS: dict[str, Callable[..., float]] = {
    "to_median": lambda delivery: delivery.median,
    "to_last": lambda delivery: delivery.last,
}


def _now_ms() -> int:
    return time.time_ns() // 1_000_000  # noqa: TID251 - beside any server's clock
