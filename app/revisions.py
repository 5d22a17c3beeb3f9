"""A room's revision: a number, and a stamp that tells apart two of the same number.

A database that lost its latest commits, by a restore or a failover, makes the same
numbers a second time. The stamp is random, so that it is not made twice.
"""

import secrets
import string

STAMP_LENGTH = 6
# What the database says of a room whose latest change came from a version without
# stamps.
NO_STAMP = "0" * STAMP_LENGTH
_LETTERS = string.ascii_lowercase + string.digits


def new_stamp() -> str:
    """Return a stamp for a revision that is being made."""
    number = secrets.randbits(64)
    letters = []
    for _ in range(STAMP_LENGTH):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters)


def differ(one: str | None, other: str | None) -> bool:
    """Tell whether two stamps are known to be different; None is an unknown one."""
    return one is not None and other is not None and one != other


class ExpectedRevision(int):
    """The number of a revision that a caller saw, with its stamp where it says.

    Attributes:
        stamp: the revision's stamp; None where the number alone was given.
    """

    stamp: str | None = None

    @classmethod
    def stamped(cls, number: int, stamp: str | None) -> "ExpectedRevision":
        """Return the revision of a number and, unless it is None, a stamp."""
        expected = cls(number)
        expected.stamp = stamp
        return expected
