"""The unit of work: the one way in which anything in a room changes.

    trip 1   BEGIN; lock the room, if it is the caller's; read the clock; load
    decide   first what time owes, then the command: both pure
    trip 2   write what differs and a row of the log for each revision; COMMIT
    publish  tell who subscribed

Nothing is read or written outside of these two trips, and nothing waits for a client
between them.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

from app.auth.identity import Standing
from app.clock import Instant
from app.db.transaction import Database, Transaction
from app.errors import DomainError, Forbidden, RoomMovedOn, Unauthenticated
from app.revisions import ExpectedRevision, differ
from app.rooms import due, recall
from app.rooms.aggregate import Loaded, Room
from app.rooms.command import Actor, Command, Wanted
from app.rooms.events import Subscriber, events_of
from app.rooms.revision import Made, Revision, first_revision, lifted_revision, revise
from app.rooms.store import Found, Store
from app.rooms.writing import Writer

_LIFT = 1_000_000
# In one transaction: whoever asks for the worker meanwhile waits for it.
_MOST_FINISHES = 200


@dataclass(frozen=True)
class Outcome:
    """What became of a command.

    Attributes:
        loaded: the room as it is now, with what the command needed of it.
        refusal: why the command was refused, if it was.
        revisions: the revisions that were made, those of the clock included.
        standing: the revocations that were found under the lock.
    """

    loaded: Loaded
    refusal: DomainError | None
    revisions: Sequence[Revision]
    standing: Standing

    def accepted(self) -> Loaded:
        """Return the room as it is now.

        Raises:
            DomainError: the refusal.
        """
        if self.refusal is not None:
            raise self.refusal
        return self.loaded


class Changes:
    """Makes changes; one for each application."""

    def __init__(self, database: Database) -> None:
        """Change rooms in `database`."""
        self.database = database
        self.store = Store(database)
        self._writer = Writer(database)
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        """Have a subscriber told of what happened, after each commit."""
        self._subscribers.append(subscriber)

    def make(
        self, command: Command, actor: Actor, *, expected: int | None = None
    ) -> Outcome:
        """Do what a command says, as one revision or none, and tell who subscribed.

        What time owes in the room comes first, each a revision of its own, and is
        committed whatever becomes of the command: a refusal is part of the outcome.

        Args:
            command: what to do.
            actor: who does it.
            expected: the revision that the caller last saw (`If-Match`), if it says.

        Raises:
            Forbidden: there is no such room or timer, or it is not the caller's.
            DatabaseAwayError: the database is away.
        """
        if command.own and actor.identity is not None and actor.identity.room_id:
            raise Forbidden
        with self.database.transaction() as transaction:
            found = self.store.lock(transaction, command.wanted, actor.identity)
            if found is None:
                raise Forbidden
            if command.wanted.history is not None:
                sought = command.wanted.history
                found = recall.with_history(self.database, transaction, found, sought)
            outcome = _decided(command, actor, found, expected)
            self._writer.write(transaction, outcome.revisions)
            self.publish_after_commit(transaction, outcome.revisions)
        return outcome

    def create(self, room: Callable[[Instant], Room], actor: Actor) -> Room:
        """Create a room for its owner; it becomes the first revision.

        Raises:
            Unauthenticated: the caller's token has been taken back.
        """
        with self.database.transaction() as transaction:
            now, standing = self.store.ask_standing(transaction, actor.identity)
            _check_standing(actor, standing)
            revision = first_revision(room(now), Made(actor.name, "create-room"))
            self._writer.write(transaction, [revision])
        return revision.room

    def check_in_force(self, actor: Actor) -> None:
        """Refuse who may not even have an answer that is kept.

        Raises:
            Unauthenticated: the actor's token has been taken back.
        """
        with self.database.transaction() as transaction:
            _, standing = self.store.ask_standing(transaction, actor.identity)
        _check_standing(actor, standing)

    def lift(self, room_id: uuid.UUID, actor: Actor) -> bool:
        """Give a room a revision beyond any that was told; tell if it was there."""
        with self.database.transaction() as transaction:
            found = self.store.lock(transaction, Wanted(room_id, whole=True), None)
            if found is None:
                return False
            command = "lift-revision"
            revisions = list(due.due_revisions(found.loaded, found.now, command))
            loaded = _followed(found.loaded, revisions)
            number = max(int(found.now), loaded.room.revision + _LIFT)
            made = Made(actor.name, command)
            lifted = lifted_revision(loaded, found.now, made, number)
            self._writer.write(transaction, [*revisions, lifted])
            self.publish_after_commit(transaction, revisions)
        return True

    def finish_due(self, most: int, noticed_by: str) -> list[Revision]:
        """Finish what is over in some rooms that nobody else holds; return how.

        At most `_MOST_FINISHES` in one transaction, however many there are.
        """
        with self.database.transaction() as transaction:
            due_now = (
                revision
                for found in self.store.lock_due(transaction, most)
                for revision in due.due_revisions(found.loaded, found.now, noticed_by)
            )
            revisions = list(islice(due_now, _MOST_FINISHES))
            self._writer.write(transaction, revisions)
            self.publish_after_commit(transaction, revisions)
        return revisions

    def next_end(self) -> tuple[Instant | None, Instant]:
        """Return the next end among all running timers, and the database's clock."""
        return self.store.next_end()

    def publish_after_commit(
        self, transaction: Transaction, revisions: Sequence[Revision]
    ) -> None:
        """Have those who subscribed told of revisions once they are committed."""
        if not revisions:
            return
        told: dict[uuid.UUID, list[Revision]] = {}
        for revision in revisions:
            told.setdefault(revision.room.id, []).append(revision)
        for room_id, of_room in told.items():
            events = [event for each in of_room for event in events_of(each)]
            for subscriber in self._subscribers:
                # Each by itself: one that fails keeps nothing from the others.
                transaction.after_commit(partial(subscriber, room_id, events))


def _check_standing(actor: Actor, standing: Standing) -> None:
    identity = actor.identity
    if identity is not None and identity.issue.is_taken_back(standing):
        raise Unauthenticated("The token has been taken back.")


def _check_expected(room: Room, expected: int | None) -> None:
    if expected is None:
        return
    stamp = expected.stamp if isinstance(expected, ExpectedRevision) else None
    if room.revision != expected or differ(stamp, room.stamp):
        raise RoomMovedOn(f"The room is at revision {room.revision}.")


def _decided(
    command: Command, actor: Actor, found: Found, expected: int | None
) -> Outcome:
    loaded, now = found.loaded, found.now
    revisions = list(due.due_revisions(loaded, now, command.name))
    loaded = _followed(loaded, revisions)
    try:
        _check_standing(actor, found.standing)
        _check_expected(loaded.room, expected)
        decided = command.decide(loaded, now)
        made = Made(actor.name, command.name, takes_back=decided.takes_back)
        revision = revise(loaded, decided, now, made, anyway=command.anyway)
    except DomainError as refusal:
        return Outcome(loaded, refusal, revisions, found.standing)
    if revision is None:
        return Outcome(loaded, None, revisions, found.standing)
    later = due.due_revisions(revision.after, now, command.name)
    revisions += (revision, *later)
    return Outcome(revisions[-1].after, None, revisions, found.standing)


def _followed(loaded: Loaded, revisions: Sequence[Revision]) -> Loaded:
    """Return what was loaded as it is after revisions that are not yet in the log."""
    if not revisions:
        return loaded
    after, history = revisions[-1].after, loaded.history
    if history is None:
        return after
    later = (*history.later, *(each.row.entry() for each in revisions))
    return replace(after, history=replace(history, later=later))
