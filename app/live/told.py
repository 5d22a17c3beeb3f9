"""What the viewers of a room on one worker have been told, and in which order."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from app.revisions import differ

T = TypeVar("T")


@dataclass(frozen=True)
class _Mark:
    """The stamp of a revision and that of the one before it, where they are known."""

    stamp: str | None
    after: str | None


class Told(Generic[T]):
    """Puts the news of a room into the order of its revisions, and counts them.

    Each worker tells its own viewers first and the others over Redis, so that two
    changes can overtake each other. What comes too early waits for what is missing, but
    not for long: `release` gives it up, and reconciling finds what was lost.

    Attributes:
        revision: up to which the viewers know everything, without a gap.
        astray: whether a revision did not follow the one that the viewers were told
            before it: they were told what the database has lost.
        taken: how often news came.
    """

    def __init__(self, revision: int, stamp: str | None = None) -> None:
        """Begin with viewers that know everything up to `revision`."""
        self.taken = 0
        self.begin_anew(revision, stamp)

    def begin_anew(self, revision: int, stamp: str | None) -> None:
        """Begin again with viewers that are told the state at `revision`."""
        self.revision = revision
        self.astray = False
        self._stamp = stamp
        self._ahead: dict[int, _Mark] = {}
        self._early: dict[int, tuple[T, _Mark]] = {}

    @property
    def newest(self) -> int:
        """The newest revision that the viewers were told of, gaps or not."""
        return max(self._ahead, default=self.revision)

    @property
    def newest_stamp(self) -> str | None:
        """The stamp of `newest`, where it is known."""
        newest = self._ahead.get(self.newest)
        return self._stamp if newest is None else newest.stamp

    @property
    def waiting(self) -> bool:
        """Whether something waits for what is missing."""
        return bool(self._early)

    def take(
        self,
        revision: int,
        news: T,
        stamp: str | None = None,
        after: str | None = None,
    ) -> list[T]:
        """Return what to tell now, in order; nothing where `news` came too early."""
        self.taken += 1
        if revision > self.newest + 1:
            self._early[revision] = (news, _Mark(stamp, after))
            return []
        ready = [news]
        self.hear(revision, stamp, after)
        while (following := self.newest + 1) in self._early:
            ready.append(self._pop_early(following))
        return ready

    def release(self) -> list[T]:
        """Return all that still waits, in order, whatever is missing between."""
        return [self._pop_early(revision) for revision in sorted(self._early)]

    def hear(
        self, revision: int, stamp: str | None = None, after: str | None = None
    ) -> None:
        """Note that the viewers are told of one revision."""
        if revision > self.revision:
            self._ahead.setdefault(revision, _Mark(stamp, after))
        while (mark := self._ahead.pop(self.revision + 1, None)) is not None:
            self.astray = self.astray or differ(self._stamp, mark.after)
            self.revision += 1
            self._stamp = mark.stamp

    def reach(self, revision: int, stamp: str | None = None) -> list[T]:
        """Note that the viewers are sent the whole state at a revision.

        Return the older news that still waits, in order, to be told before it: a state
        says how things are, but not that a timer has just finished.
        """
        if revision > self.revision:
            self.revision, self._stamp = revision, stamp
        elif revision == self.revision and self._stamp is None:
            self._stamp = stamp
        for old in [ahead for ahead in self._ahead if ahead <= self.revision]:
            del self._ahead[old]
        overtaken = sorted(early for early in self._early if early <= self.revision)
        news = [self._early.pop(early)[0] for early in overtaken]
        self.hear(self.revision)
        return news

    def _pop_early(self, revision: int) -> T:
        news, mark = self._early.pop(revision)
        self.hear(revision, mark.stamp, mark.after)
        return news
