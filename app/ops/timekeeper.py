"""Learning the database's clock before the first viewer is served."""

import gevent
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from app import clock
from app.db.engine import CLOCK
from app.extensions import db

# The quickest of a few is a good one; the finisher's looks refine it.
LOOKS = 5
# A worker whose database is away starts all the same.
SECONDS = 1.0


_log = get_logger(__name__)


def set_clock(app: Flask, seconds: float = SECONDS) -> None:
    """Measure how far the database's clock is from this machine's.

    Waits at most `seconds`; a database that answers later, or comes later, sets the
    clock then. SQLite has no clock but this machine's.
    """
    with app.app_context():
        engine = db.engine
    if engine.dialect.name == "sqlite":
        return

    def look() -> None:
        try:
            with engine.connect() as connection:
                # The first answer took the way of a whole connection.
                for _ in range(1 + LOOKS):
                    asked = clock.steady()
                    clock.observe(asked, int(connection.scalar(text(CLOCK))))
        except SQLAlchemyError as error:
            _log.warning("the database's clock is not known yet", error=str(error))

    gevent.spawn(look).join(timeout=seconds)
