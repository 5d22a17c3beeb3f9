"""What an undo decides, on values alone."""

import json
import uuid
from dataclasses import replace

import pytest

from app.clock import Instant, Millis
from app.errors import CannotBeUndone, LimitReached, NothingToUndo, Overtaken
from app.rooms import countdown
from app.rooms.aggregate import Loaded, Room, Timer
from app.rooms.command import Actor
from app.rooms.commands.undo import undo
from app.rooms.due import due_revisions
from app.rooms.history import Entry, History
from app.rooms.revision import Made, revise
from app.rooms.texts import MAX_TEXT_BYTES

ROOM, TIMER = uuid.uuid4(), uuid.uuid4()
ADA = Actor("operator:ada")
NOW = Instant(1_800_000_000_000)
END = Instant(NOW + 60_000)


@pytest.fixture
def idle():
    room = Room(
        id=ROOM,
        owner_id="owner",
        name="Main stage",
        description="",
        share_token="s",
        revision=1,
        stamp="",
        created_at=NOW,
        updated_at=NOW,
    )
    timer = Timer(
        id=TIMER,
        room_id=ROOM,
        title="Opening",
        position=0,
        duration=Millis(60_000),
        remaining=Millis(60_000),
    )
    return Loaded(room, {TIMER: timer}, whole=True)


def changed(before, after, command="start-timer"):
    """The room after a change, and the change's row."""
    revision = revise(before, after, NOW, Made(ADA.name, command))
    return revision.after, revision.row.entry()


def with_timer(loaded, **values):
    return loaded.with_timer(replace(loaded.timers[TIMER], **values))


def started(loaded):
    return loaded.with_timer(countdown.start(loaded.timers[TIMER], NOW))


def undone(loaded, target, *later, now=NOW, **history):
    history = History(target, later=later, **history)
    return undo(ROOM, ADA).decide(replace(loaded, history=history), now)


def test_a_start_is_taken_back_to_what_was_before(idle):
    running, row = changed(idle, started(idle))

    assert undone(running, row).timers[TIMER] == replace(
        idle.timers[TIMER], revision=running.room.revision
    )


def test_a_finish_is_taken_back_with_the_start(idle):
    running, row = changed(idle, started(idle))
    [finish] = due_revisions(running, END, "finisher")

    after = undone(finish.after, row, finish.row.entry(), now=END)

    assert after.timers[TIMER].status == "idle"
    assert after.timers[TIMER].remaining == 60_000


def test_what_is_finished_in_another_way_than_the_clock_does_is_in_the_way(idle):
    running, row = changed(idle, started(idle))
    finished = with_timer(running, status="finished")

    with pytest.raises(Overtaken) as refusal:
        undone(finished, row, now=END)

    assert list(refusal.value.errors) == [f"timers.{TIMER}.status"]


def test_a_finish_that_the_log_does_not_know_is_in_the_way(idle):
    running, row = changed(idle, started(idle))
    finished = running.with_timer(countdown.finish(running.timers[TIMER], END))

    with pytest.raises(Overtaken, match="remaining"):
        undone(finished, row, now=END)


def test_what_was_changed_past_the_log_is_noticed(idle):
    running, row = changed(idle, started(idle))
    moved = with_timer(running, ends_at=Instant(END + 1))

    with pytest.raises(Overtaken, match="endsAt"):
        undone(moved, row)


def test_a_countdown_that_was_changed_back_is_in_the_way_all_the_same(idle):
    running, row = changed(idle, started(idle))
    shorter, edit = changed(running, with_timer(running, duration=Millis(1)))
    back, again = changed(shorter, with_timer(shorter, duration=Millis(60_000)))

    with pytest.raises(Overtaken, match="duration"):
        undone(back, row, edit, again)


def test_a_title_that_was_changed_since_is_not(idle):
    running, row = changed(idle, started(idle))
    named, _ = changed(running, with_timer(running, title="Lecture"))

    after = undone(named, row).timers[TIMER]

    assert (after.title, after.status) == ("Lecture", "idle")


def test_a_command_and_its_undo_are_not_in_the_way(idle):
    running, row = changed(idle, started(idle))
    reset, later = changed(running, idle.with_room(revision=2), "reset-timer")
    back, undoing = changed(reset, running.with_room(revision=3), "undo")
    undoing = replace(undoing, undoes=later.revision, origin=later.revision)

    assert undone(back, row, later, undoing).timers[TIMER].status == "idle"
    with pytest.raises(Overtaken):
        undone(back, row, later)


def test_more_later_changes_than_are_looked_at_are_in_the_way(idle):
    running, row = changed(idle, started(idle))

    with pytest.raises(Overtaken):
        undone(running, row, too_many=True)


def test_a_timer_is_not_brought_back_into_a_room_that_is_full_of_text(idle):
    gone, row = changed(idle, idle.without_timer(TIMER), "delete-timer")
    full = gone.with_room(description="x" * MAX_TEXT_BYTES)

    with pytest.raises(LimitReached, match="256 kB"):
        undone(full, row)
    assert undone(gone, row).timers[TIMER].title == "Opening"


def test_a_timer_that_is_there_again_is_in_the_way_of_its_return(idle):
    _, row = changed(idle, idle.without_timer(TIMER), "delete-timer")

    with pytest.raises(Overtaken) as refusal:
        undone(idle, row)

    assert list(refusal.value.errors) == [f"timers.{TIMER}.id"]


def test_many_things_in_the_way_are_counted_and_not_all_told(idle):
    many = {uuid.uuid4(): place for place in range(500)}
    for timer_id, place in many.items():
        timer = replace(idle.timers[TIMER], id=timer_id, position=place)
        idle = idle.with_timer(timer)
    moved = idle
    for timer_id, place in many.items():
        timer = replace(idle.timers[timer_id], position=500 - place)
        moved = moved.with_timer(timer)
    after, row = changed(idle, moved, "reorder-timers")

    with pytest.raises(Overtaken, match="more changed since") as refusal:
        undone(Loaded(after.room, whole=True), row)

    assert len(refusal.value.detail) < 500
    assert len(json.dumps(refusal.value.errors)) < 64 * 1024


def test_there_may_be_nothing_to_undo(idle):
    with pytest.raises(NothingToUndo):
        undone(idle, None)


def test_an_undo_that_a_newer_one_has_taken_the_place_of_is_done_with(idle):
    row = Entry(7, ADA.name, "undo", {"room": {}}, undoes=5, origin=3)
    origin = Entry(3, ADA.name, "update-room", {"room": {}}, undone_by=9)

    with pytest.raises(CannotBeUndone, match="by revision 9"):
        undone(idle, row, origin=origin)
