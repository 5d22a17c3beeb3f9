"""Thousands of timers that end at once are finished a few at a time."""

from sqlalchemy import update

from app.extensions import db
from app.rooms.model import TimerRow
from tests.api.full_rooms import add_timers

TIMERS = 450


def test_no_transaction_finishes_more_than_its_share(app, api, room):
    add_timers(app, room, TIMERS)
    over = {"status": "running", "started_at": 1, "ends_at": 60_001}
    with app.app_context():
        db.session.execute(update(TimerRow).values(over))
        db.session.commit()
    changes = app.extensions["changes"]

    finished = []
    while revisions := changes.finish_due(20, "finisher"):
        finished.append(len(revisions))

    assert sum(finished) == TIMERS
    assert max(finished) <= 200
    statuses = {timer["status"] for timer in api.state(room.share_token)["timers"]}
    assert statuses == {"finished"}
