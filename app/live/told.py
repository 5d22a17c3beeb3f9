"""What the viewers of a room on one worker have been told, and in which order."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Told(Generic[T]):
    """Puts the news of a room into the order of its revisions, and counts them.

    Each worker tells its own viewers first and the others over Redis, so that two
    changes can overtake each other. What comes too early waits for what is missing, but
    not for long: `release` gives it up, and reconciling finds what was lost.

    Attributes:
        revision: up to which the viewers know everything, without a gap.
    """

    def __init__(self, revision: int) -> None:
        """Begin with viewers that know everything up to `revision`."""
        self.revision = revision
        self._ahead: set[int] = set()
        self._early: dict[int, T] = {}

    @property
    def newest(self) -> int:
        """The newest revision that the viewers were told of, gaps or not."""
        return max(self._ahead, default=self.revision)

    @property
    def waiting(self) -> bool:
        """Whether something waits for what is missing."""
        return bool(self._early)

    def take(self, revision: int, news: T) -> list[T]:
        """Return what to tell now, in order; nothing where `news` came too early."""
        if revision > self.newest + 1:
            self._early[revision] = news
            return []
        ready = [news]
        self.hear(revision)
        while (following := self.newest + 1) in self._early:
            ready.append(self._early.pop(following))
            self.hear(following)
        return ready

    def release(self) -> list[T]:
        """Return all that still waits, in order, whatever is missing between."""
        ready = []
        for revision in sorted(self._early):
            ready.append(self._early[revision])
            self.hear(revision)
        self._early.clear()
        return ready

    def hear(self, revision: int) -> None:
        """Note that the viewers are told of one revision."""
        if revision > self.revision:
            self._ahead.add(revision)
        while self.revision + 1 in self._ahead:
            self.revision += 1
            self._ahead.discard(self.revision)

    def reach(self, revision: int) -> None:
        """Note that the viewers are sent the whole state at a revision."""
        self.revision = max(self.revision, revision)
        self._ahead = {ahead for ahead in self._ahead if ahead > self.revision}
        for old in [early for early in self._early if early <= self.revision]:
            del self._early[old]
        self.hear(self.revision)
