"""Thousands of viewers in one thread: an epoll loop that counts what arrives."""

import resource
import select
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from types import TracebackType
from typing import Protocol, Self

from tests.support.crowd.viewer import Address, Event, Kind, Viewer, ViewerError
from tests.support.waiting import patient

_AT_ONCE = 64
_READ_BYTES = 65_536
_KEPT_CHUNKS = 500
_TIMEOUT_SECONDS = patient(10)


class Trigger(Protocol):
    """What makes the server tell all viewers of one update."""

    def fileno(self) -> int:
        """Return the file descriptor on which the answer arrives."""

    def send(self) -> None:
        """Ask for the next update."""

    def receive(self) -> bool:
        """Read what has arrived; tell whether that is the whole answer.

        Raises:
            RuntimeError: the server refused.
        """


@dataclass(frozen=True)
class Delivery:
    """When viewers had an update, in seconds since the request was begun."""

    median: float
    last: float


class Crowd:
    """Viewers, and what they have been told.

    Attributes:
        viewers: by file descriptor.
        finishes: for each `timer-finished` that a viewer got, the instant of its end
            and that of its arrival, in ms since the epoch.
    """

    def __init__(self, address: Address, kind: type[Viewer] = Viewer) -> None:
        """Begin with nobody; this process may then open as many files as it likes."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.viewers: dict[int, Viewer] = {}
        self.finishes: list[tuple[int, float]] = []
        self._address = address
        self._kind = kind
        self._epoll = select.epoll()
        self._arrivals: list[float] = []
        # A broadcast is the same bytes for everybody: each chunk is read once.
        self._known: dict[bytes, list[Event]] = {}
        self._joined = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for viewer in self.viewers.values():
            viewer.close()
        self._epoll.close()

    def join(self, share_tokens: Sequence[str]) -> float:
        """Add a viewer for each token; return the seconds until all have joined."""
        begun, goal = time.perf_counter(), self._joined + len(share_tokens)
        deadline = time.monotonic() + _TIMEOUT_SECONDS + len(share_tokens) / 50
        waiting = list(reversed(share_tokens))
        while self._joined < goal:
            while waiting and len(self.viewers) - self._joined < _AT_ONCE:
                self._add(waiting.pop())
            self._pump(deadline, "Not all viewers could join.")
        return time.perf_counter() - begun

    def wait_for_count(self, count: int) -> None:
        """Wait until every viewer has been told that `count` watch."""
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while any(viewer.count != count for viewer in self.viewers.values()):
            self._pump(deadline, f"Not all viewers were told of {count}.")

    def watch_until_told(self, revision: int) -> None:
        """Let time pass until every viewer was told of `revision`."""
        self.watch_until(
            lambda: all(each.revision == revision for each in self.viewers.values()),
            f"Not all viewers were told of revision {revision}.",
        )

    def deliver(self, trigger: Trigger) -> Delivery:
        """Have every viewer told of one update, and wait until the last one was.

        Raises:
            ViewerError: a viewer missed it, or got another one in its place.
        """
        self._arrivals.clear()
        self._epoll.register(trigger.fileno(), select.EPOLLIN)
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        begun = time.perf_counter()
        trigger.send()
        answered = False
        while not answered or len(self._arrivals) < len(self.viewers):
            ready = self._pump(deadline, "A viewer missed an update or its command.")
            if trigger.fileno() in ready:
                answered = trigger.receive()
        self._epoll.unregister(trigger.fileno())
        if len({viewer.revision for viewer in self.viewers.values()}) != 1:
            raise ViewerError("The viewers are at different revisions.")
        return Delivery(median(self._arrivals) - begun, self._arrivals[-1] - begun)

    def watch(self, seconds: float) -> None:
        """Let so many seconds pass, as viewers do."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._read_ready(left)

    def watch_until(self, condition: Callable[[], bool], what: str) -> None:
        """Let time pass until `condition`.

        Raises:
            ViewerError: saying `what`, after too long.
        """
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while not condition():
            self._pump(deadline, what)

    def _add(self, share_token: str) -> None:
        viewer = self._kind(self._address, share_token)
        self.viewers[viewer.sock.fileno()] = viewer
        self._joined += viewer.joined
        self._epoll.register(viewer.sock.fileno(), select.EPOLLIN)

    def _pump(self, deadline: float, what: str) -> set[int]:
        if time.monotonic() > deadline:
            raise ViewerError(what)
        return self._read_ready(0.1)

    def _read_ready(self, timeout: float) -> set[int]:
        """Read what has arrived; return the file descriptors that are no viewers'."""
        others = set()
        clock, viewers, known = time.perf_counter, self.viewers, self._known
        for fd, _ in self._epoll.poll(timeout):
            viewer = viewers.get(fd)
            if viewer is None:
                others.add(fd)
                continue
            data = viewer.recv(_READ_BYTES)
            now = clock()
            events = known.get(data) if viewer.settled else None
            if events is None:
                events = self._read(viewer, data)
            for event in events:
                if event[0] is Kind.UPDATE:
                    self._note_update(viewer, event[1], now)
                else:
                    self._note(viewer, event)
        return others

    def _read(self, viewer: Viewer, data: bytes) -> list[Event]:
        if not data:
            raise ViewerError("The server dropped a viewer.")
        settled = viewer.settled
        events = viewer.read(data)
        if settled and viewer.settled:
            if len(self._known) >= _KEPT_CHUNKS:
                self._known.clear()
            self._known[data] = events
        return events

    def _note_update(self, viewer: Viewer, revision: int, now: float) -> None:
        if revision != viewer.revision + 1:
            told = f"A viewer at revision {viewer.revision} was told of {revision}."
            raise ViewerError(told)
        viewer.revision = revision
        self._arrivals.append(now)

    def _note(self, viewer: Viewer, event: Event) -> None:
        kind, value = event
        viewer.answer(event)
        if kind is Kind.JOINED:
            self._joined += 1
        elif kind is Kind.FINISH:
            at = time.time_ns() / 1e6  # noqa: TID251 - as its caller, outside of the app
            self.finishes.append((value, at))
