"""The commands of a show, by name: what the proofs of convergence go through."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.api import Api, Room
from tests.support.recording import Event
from tests.support.responses import RefusedError
from tests.support.screen import Json, Screen
from tests.support.viewers import Viewer


@dataclass
class Show:
    """A room with four timers: the opening idle, the keynote running and shown.

    The panel is paused, and the greeting ends a second after it was started.
    """

    api: Api
    room: Room
    timers: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for title in ("Opening", "Keynote", "Panel"):
            self.timers[title] = self.api.create_timer(self.room, title, 60_000)
        self.timers["Greeting"] = self.api.create_timer(self.room, "Greeting", 1_000)
        self.start("Panel")
        self.pause("Panel")
        self.start("Keynote")

    def start(self, title: str) -> Any:
        return self.api.start(self.room, self.timers[title])

    def pause(self, title: str) -> Any:
        return self.api.pause(self.room, self.timers[title])

    def reset(self, title: str) -> Any:
        return self.api.reset(self.room, self.timers[title])

    def delete(self, title: str) -> Any:
        return self.api.delete_timer(self.room, self.timers[title])

    def change(self, timer: str, /, **fields: Any) -> Any:
        return self.api.update_timer(self.room, self.timers[timer], **fields)

    def choose(self, title: str | None) -> Any:
        chosen = None if title is None else self.timers[title]["id"]
        return self.api.update_room(self.room, currentTimerId=chosen)

    def reverse(self) -> Any:
        """Put the timers into the opposite order."""
        ids = [timer["id"] for timer in self.state()["timers"]]
        path = f"/api/rooms/{self.room.id}/timers/reorder"
        order = {"timerIds": ids[::-1]}
        answer = self.api.request("POST", path, order, self.room.admin_token)
        assert answer.ok, answer
        return answer.json

    def undo(self) -> Any:
        """Undo the latest command."""
        path = f"/api/rooms/{self.room.id}/undo"
        answer = self.api.request("POST", path, {}, self.room.admin_token)
        if not answer.ok:
            raise RefusedError(path, answer)
        return answer.json

    def state(self) -> Json:
        """Return what a viewer who comes now gets."""
        return self.api.state(self.room.share_token)


COMMANDS: dict[str, Callable[[Show], Any]] = {
    "create a timer": lambda show: show.api.create_timer(show.room, "Encore", 5_000),
    "change a timer's texts": lambda show: show.change(
        "Keynote", title="Lecture", completionMessage="Thank you"
    ),
    "change an idle timer's duration": lambda show: show.change(
        "Opening", duration=90_000
    ),
    "delete a timer": lambda show: show.delete("Panel"),
    "delete the current timer": lambda show: show.delete("Keynote"),
    "start the timer that is chosen": lambda show: (
        show.choose("Opening"),
        show.start("Opening"),
    ),
    "start another timer": lambda show: show.start("Opening"),
    "start a timer that runs": lambda show: show.start("Keynote"),
    "resume a paused timer": lambda show: show.start("Panel"),
    "pause a running timer": lambda show: show.pause("Keynote"),
    "reset a running timer": lambda show: show.reset("Keynote"),
    "reset a paused timer": lambda show: show.reset("Panel"),
    "reset an idle timer": lambda show: show.reset("Opening"),
    "reorder the timers": lambda show: show.reverse(),
    "rename the room": lambda show: show.api.update_room(
        show.room, name="Foyer", description="Ground floor"
    ),
    "choose the current timer": lambda show: show.choose("Opening"),
    "choose no timer": lambda show: show.choose(None),
    "undo a start": lambda show: (show.start("Opening"), show.undo()),
    "undo a reset": lambda show: (show.reset("Keynote"), show.undo()),
    "undo a deletion": lambda show: (show.delete("Keynote"), show.undo()),
    "undo a new order": lambda show: (show.reverse(), show.undo()),
}

WHOLE_STATE = {"reorder the timers", "undo a new order"}
"""The commands whose event is the whole state; the others tell the change alone."""


def shown(state: Json) -> Json:
    """Return what of a state, as fetched or received, screens show."""
    return Screen.showing(state).state()


def wait_until_shown(viewer: Viewer, state: Json, timeout: float = 5) -> None:
    """Wait until the viewer's screen shows what `state`, as fetched, says."""
    wanted = shown(state)
    viewer.wait_until(lambda screen: screen.state() == wanted, timeout)


def after_events(before: Json, events: list[Event]) -> Json:
    """Return what a screen that showed `before` shows after `events`."""
    screen = Screen.showing(before)
    for event in events:
        screen.apply(event.name, event.payload)
    return screen.state()
