"""A database whose clock a test moves ahead, so that timers are over at once.

In PostgreSQL a function stands before the real `clock_timestamp()`; SQLite's clock is
the process's own.
"""

from typing import Any

import psycopg2

from app import clock
from app.clock import Instant

_FUNCTION = """
CREATE TABLE public.clock_ahead (ms bigint NOT NULL);
INSERT INTO public.clock_ahead VALUES (0);
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql AS
'SELECT pg_catalog.clock_timestamp()
    + (SELECT ms FROM public.clock_ahead) * interval ''1 ms''';
DO $$ BEGIN EXECUTE format(
    'ALTER DATABASE %I SET search_path = public, pg_catalog', current_database()
); END $$
"""


class MovedClock:
    """The clock of the database at `url`; make one before anything connects to it."""

    def __init__(self, url: str, monkeypatch: Any) -> None:
        self._ahead = 0
        self._url = url if url.startswith("postgres") else None
        if self._url is not None:
            self._run(_FUNCTION)
            return
        real = clock.now
        monkeypatch.setattr(clock, "now", lambda: Instant(real() + self._ahead))

    def move(self, milliseconds: int) -> None:
        """Let so much time pass at once."""
        self._ahead += milliseconds
        if self._url is not None:
            self._run(f"UPDATE public.clock_ahead SET ms = {self._ahead}")

    def _run(self, statements: str) -> None:
        connection = psycopg2.connect(self._url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statements)
        finally:
            connection.close()
