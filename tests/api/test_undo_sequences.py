"""Whatever was done, undoing each of it in reverse leads to where it began."""

import contextlib
import uuid
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import DomainError
from app.rooms.command import Actor, Wanted
from app.rooms.commands import playback, rooms, timers
from app.rooms.commands.undo import undo

OWNER = Actor("owner:owner")
ADA, BOB = Actor("operator:ada"), Actor("operator:bob")
# Nothing ends while a sequence runs.
HOUR = 3_600_000

actors = st.sampled_from([ADA, BOB])
places = st.integers(0, 5)
COMMANDS = (
    *("create", "title", "duration", "delete", "reorder", "rename"),
    *("start", "pause", "reset", "choose", "choose none"),
)


def sequences(names):
    step = st.tuples(st.sampled_from(names), places, actors)
    return st.lists(step, min_size=3, max_size=16)


commands = sequences(COMMANDS)
steps = sequences([*COMMANDS, "undo", "redo"])


class Hall:
    """A room, commanded past the routes."""

    def __init__(self, changes):
        self.changes = changes
        new = rooms.new_room("owner", name="Main stage")
        self.id = changes.create(new, OWNER).id
        self.undos = []
        for number in range(3):
            self.make(
                timers.create_timer(self.id, uuid.uuid4(), **titled(number)), OWNER
            )

    def make(self, command, actor):
        outcome = self.changes.make(command, actor)
        outcome.accepted()
        return [revision.room.revision for revision in outcome.revisions]

    def loaded(self):
        with self.changes.database.transaction() as transaction:
            wanted = Wanted(self.id, whole=True)
            return self.changes.store.lock(transaction, wanted, None).loaded

    def shown(self):
        """All of the room but numbers and when it changed."""
        loaded = self.loaded()
        numbers = dict.fromkeys(("revision", "updated_at", "log_rows", "log_bytes"), 0)
        room = replace(loaded.room, stamp="", **numbers)
        return room, {key: replace(t, revision=0) for key, t in loaded.timers.items()}

    def step(self, name, place, actor):
        """Do a step; answer the revisions that it made, none where it is refused."""
        made = []
        with contextlib.suppress(DomainError):
            made = self.make(self.command(name, place, actor), actor)
        if name in ("undo", "redo"):
            self.undos += made
        return made

    def command(self, name, place, actor):
        ids = list(self.loaded().timers) or [uuid.uuid4()]
        chosen = ids[place % len(ids)]
        turned = ids[place % len(ids) :] + ids[: place % len(ids)]
        latest = self.undos[-1] if self.undos else 1
        commands = {
            "create": lambda: timers.create_timer(
                self.id, uuid.uuid4(), **titled(place)
            ),
            "title": lambda: timers.update_timer(chosen, {"title": f"Title {place}"}),
            "duration": lambda: timers.update_timer(chosen, {"duration": HOUR + place}),
            "delete": lambda: timers.delete_timer(chosen),
            "reorder": lambda: timers.reorder_timers(self.id, turned),
            "rename": lambda: rooms.update_room(self.id, {"name": f"Hall {place}"}),
            "start": lambda: playback.start_timer(chosen),
            "pause": lambda: playback.pause_timer(chosen),
            "reset": lambda: playback.reset_timer(chosen),
            "choose": lambda: rooms.update_room(self.id, {"current_timer_id": chosen}),
            "choose none": lambda: rooms.update_room(
                self.id, {"current_timer_id": None}
            ),
            "undo": lambda: undo(self.id, actor),
            "redo": lambda: undo(self.id, actor, latest),
        }
        return commands[name]()


def titled(number):
    return {"title": f"No. {number}", "duration": HOUR}


def hypothetically(examples):
    return settings(
        max_examples=examples, database=None, suppress_health_check=list(HealthCheck)
    )


@hypothetically(40)
@given(sequence=commands)
def test_undoing_each_command_in_reverse_is_the_beginning(app, sequence):
    hall = Hall(app.extensions["changes"])
    before = hall.shown()

    made = [revision for step in sequence for revision in hall.step(*step)]
    for revision in reversed(made):
        hall.make(undo(hall.id, BOB, revision), BOB)

    assert hall.shown() == before


@hypothetically(40)
@given(sequence=steps)
def test_whatever_is_undone_is_as_it_was_once_that_is_undone(app, sequence):
    hall = Hall(app.extensions["changes"])

    for name, place, actor in sequence:
        hall.step(name, place, actor)
        before = hall.shown()
        for revision in hall.step("undo", place, actor):
            hall.make(undo(hall.id, actor, revision), actor)
        assert hall.shown() == before


@hypothetically(40)
@given(sequence=steps)
def test_an_own_undo_touches_nothing_of_what_another_did_alone(app, sequence):
    hall = Hall(app.extensions["changes"])
    first, second, third = hall.loaded().timers

    for name, place, _ in sequence:
        if name in ("title", "duration", "start", "pause", "reset"):
            step_on(hall, name, place, first, ADA)
            step_on(hall, name, place, second, BOB)
        elif name == "undo":
            others = hall.loaded().timers[second]
            hall.step("undo", place, ADA)
            assert hall.loaded().timers[second] == others
    assert hall.loaded().timers[third].status == "idle"


def step_on(hall, name, place, timer_id, actor):
    place = list(hall.loaded().timers).index(timer_id) + 3 * (place % 2)
    hall.step(name, place, actor)


@pytest.mark.parametrize("redone", [False, True])
def test_the_log_says_what_is_undone_by_now(app, redone):
    hall = Hall(app.extensions["changes"])
    [renamed] = hall.make(rooms.update_room(hall.id, {"name": "Foyer"}), ADA)
    [undone] = hall.make(undo(hall.id, ADA), ADA)
    if redone:
        [redo] = hall.make(undo(hall.id, ADA, undone), ADA)

    assert marks(hall, renamed) == (None, None, None if redone else undone)
    assert marks(hall, undone) == (renamed, renamed, redo if redone else None)
    if redone:
        assert marks(hall, redo) == (undone, renamed, None)
        [again] = hall.make(undo(hall.id, BOB, redo), BOB)
        assert marks(hall, renamed) == (None, None, again)
        assert marks(hall, redo) == (undone, renamed, again)


def marks(hall, revision):
    asked = (
        "SELECT undoes, origin, undone_by FROM room_revisions"
        " WHERE room_id = %(room)s AND revision = %(revision)s"
    )
    given_ = {"room": hall.id.hex, "revision": revision}
    return tuple(hall.changes.database.look(asked, given_)[0])
