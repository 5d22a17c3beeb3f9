"""What a viewer's screen shows: the protocol's rules, without a connection."""

from typing import Any

Json = dict[str, Any]


class Screen:
    """Applies events as every client should (section "Socket.IO" of the protocol).

    Whatever the order of the events, no part of it goes back to an older revision,
    unless the server says that its database did.

    Attributes:
        revision: the highest that it has seen.
        user_count: the viewers of the room, None before the first count.
        room_deleted: whether the room is gone.
    """

    def __init__(self) -> None:
        self._before: Json = {}
        self._clear()
        self.user_count: int | None = None
        self.room_deleted = False

    @classmethod
    def showing(cls, state: Json) -> "Screen":
        """Return a screen that shows `state`, as fetched or received."""
        screen = cls()
        screen.apply("room-state", state)
        return screen

    def apply(self, event: str, payload: Any) -> None:
        """Take in an event of the server; unknown ones change nothing."""
        match event:
            case "room-state":
                self._apply_state(_timeless(payload))
            case "room-update":
                self._apply_room(_timeless(payload))
            case "timer-created" | "timer-update" | "timer-finished":
                self._apply_timer(payload)
            case "timer-deleted":
                self._remove_timer(payload)
            case "room-deleted":
                self.room_deleted = True
            case "user-count":
                self.user_count = payload["count"]

    def begin(self) -> None:
        """Begin anew, for a join.

        What it shows stays until the state is there, but the revisions held count for
        nothing: the database may have lost them meanwhile.
        """
        self._before = self.state() if self._room else {}
        self._clear()

    def state(self) -> Json:
        """Return what it shows in the form of a `room-state`, without `serverTime`."""
        if self._before and not self._state_revision:
            return self._before
        timers = sorted(
            self._timers.values(), key=lambda timer: (timer["position"], timer["id"])
        )
        newest = {"revision": self.revision, "updatedAt": self._updated_at}
        return {**self._room, **newest, "timers": timers}

    def timer(self, timer_id: str) -> Json:
        """Return the timer as it is shown, empty where it is not."""
        shown = (timer for timer in self.state()["timers"] if timer["id"] == timer_id)
        return next(shown, {})

    def _clear(self) -> None:
        self._room: Json = {}
        self._timers: dict[str, Json] = {}
        self._removed: dict[str, int] = {}
        self._state_revision = 0
        self.revision = 0
        self._updated_at: int | None = None

    def _apply_state(self, state: Json) -> None:
        # What came between joining and the first state belongs to the same room.
        is_another_room = self._room.get("id", state["id"]) != state["id"]
        if state.pop("restored", False) or is_another_room:
            self._clear()
        revision, timers = state["revision"], state.pop("timers")
        if revision < self._state_revision:
            # All of it is known already, from a newer state.
            return
        self._state_revision = revision
        # Whatever is not newer than the state is as the state says.
        newer = {id_: t for id_, t in self._timers.items() if t["revision"] > revision}
        self._removed = {id_: at for id_, at in self._removed.items() if at > revision}
        listed = {t["id"]: _alone(t) for t in timers if t["id"] not in self._removed}
        self._timers = {**listed, **newer}
        self._apply_room(state)

    def _apply_room(self, room: Json) -> None:
        if room["revision"] >= self._room.get("revision", 0):
            self._room = room
        self._see(room)

    def _apply_timer(self, timer: Json) -> None:
        if timer["revision"] > self._known_revision(timer["id"]):
            self._timers[timer["id"]] = _alone(timer)
        self._see(timer)

    def _remove_timer(self, timer: Json) -> None:
        timer_id, revision = timer["id"], timer["revision"]
        if revision > self._known_revision(timer_id):
            self._timers.pop(timer_id, None)
            self._removed[timer_id] = revision
        self._see(timer)

    def _known_revision(self, timer_id: str) -> int:
        """Return the newest revision that says what became of the timer."""
        if timer_id in self._timers:
            return self._timers[timer_id]["revision"]
        # A state that does not list a timer says that it is gone.
        return max(self._removed.get(timer_id, 0), self._state_revision)

    def _see(self, payload: Json) -> None:
        # The timers in a state say nothing of the room's time.
        if payload["revision"] >= self.revision and "updatedAt" in payload:
            self._updated_at = payload["updatedAt"]
        self.revision = max(self.revision, payload["revision"])


def _alone(timer: Json) -> Json:
    """Return a timer's event as the timer stands in a state."""
    return {k: v for k, v in _timeless(timer).items() if k != "updatedAt"}


def _timeless(payload: Json) -> Json:
    return {name: value for name, value in payload.items() if name != "serverTime"}
