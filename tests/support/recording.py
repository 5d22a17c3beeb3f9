"""Events in the order in which they arrived, and waiting for one of them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.clock import Instant
from tests.support.waiting import patient

Predicate = Callable[[Any], object]


@dataclass(frozen=True)
class Event:
    """Something that a viewer received."""

    name: str
    payload: Any
    at: Instant
    """When it arrived, by this machine's clock."""
    viewer: int = 0
    """Which of several viewers received it."""


class Recording:
    """Filled by one thread while others read it and wait.

    Attributes:
        changed: held while events are added, notified afterwards.
    """

    def __init__(self) -> None:
        self._events: list[Event] = []
        self.changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Event) -> None:
        """Append an event and wake those who wait."""
        with self.changed:
            self._events.append(event)
            self.changed.notify_all()

    def events(self, name: str | None = None, since: int = 0) -> list[Event]:
        """Return all events, or those called `name`, from number `since` on."""
        with self.changed:
            found = self._events[since:]
        return [event for event in found if name in (None, event.name)]

    def wait(self, enough: Callable[[], Any], what: str, timeout: float) -> Any:
        """Return the first truthy answer of `enough`, asked again at each new event.

        Raises:
            TimeoutError: after `timeout` calm seconds (see `patient`), with the events
                that there are instead.
        """
        bound = patient(timeout)
        with self.changed:
            if self.changed.wait_for(enough, bound):
                return enough()
        raise TimeoutError(f"{what}: not within {bound} s\n{self._summary()}")

    def wait_for(
        self,
        name: str,
        predicate: Predicate | None = None,
        timeout: float = 5,
        since: int = 0,
    ) -> Event:
        """Return the first event called `name` whose payload satisfies `predicate`.

        Past ones count, from number `since` on: take `len()` before an action to wait
        for what it causes.
        """
        return self.wait(
            lambda: self._first(name, predicate, since), f"event {name!r}", timeout
        )

    def _first(
        self, name: str, predicate: Predicate | None, since: int
    ) -> Event | None:
        matching = (
            event
            for event in self.events(name, since)
            if predicate is None or predicate(event.payload)
        )
        return next(matching, None)

    def _summary(self) -> str:
        last = self.events()[-20:]
        lines = [f"  {event.viewer} {event.name} {event.payload}" for event in last]
        return "\n".join(["The last events:", *lines])
