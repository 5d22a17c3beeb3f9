"""How often a server read the state of a room, as its database saw it."""

import re

from tests.support.services import Postgres

_STATEMENT = re.compile(r"(?=\bLOG: )")
_STATE_READ = re.compile(r"statement: SELECT rooms\..* LEFT OUTER JOIN timers")


def log_statements(database: Postgres) -> None:
    """Have the database log what it is asked from the next connection on."""
    database.execute("ALTER DATABASE {} SET log_statement = 'all'", "postgres")


def room_reads(database: Postgres) -> int:
    """Return how many reads of a room's state its log holds."""
    return sum(
        1
        for statement in _STATEMENT.split(database.read_log())
        if _STATE_READ.search(statement.replace("\n", " "))
    )
