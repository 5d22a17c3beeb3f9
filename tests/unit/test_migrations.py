"""The schema that migrations make is the one that the models describe."""

import json
import subprocess
import sys
import uuid

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from app import clock
from app.extensions import db
from app.rooms.command import COMMAND_LINE
from app.rooms.commands.rooms import update_room
from tests.support.api import Api
from tests.support.environment import ROOT, child_environment, product_settings
from tests.support.replay import replayed, told
from tests.support.senders import in_process
from tests.support.waiting import wait_until

TABLES = {"rooms", "timers", "room_revisions", "token_generations", "idempotency_keys"}


def tables():
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_models_and_migrations_agree(app):
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, db.metadata) == []


def test_migrations_go_down_to_nothing_and_up_again(app):
    with app.app_context():
        assert tables() == TABLES
        downgrade(directory="migrations", revision="base")
        assert tables() == set()
        upgrade(directory="migrations")
        assert tables() == TABLES


# What a worker of the version before writes, while the server is reloaded.
OLD_ROOM = text(
    "INSERT INTO rooms (id, owner_id, name, description, share_token, revision,"
    " created_at, updated_at) VALUES (:id, 'o', 'Hall', '', :id, 1, 0, 0)"
)
OLD_TIMER = text(
    "INSERT INTO timers (id, room_id, title, description, completion_message,"
    " position, duration, remaining, status, revision)"
    " VALUES (:id, :id, 'Keynote', '', '', 0, 1000, 1000, 'idle', 1)"
)


def stored(statement):
    with db.engine.connect() as connection:
        return connection.execute(text(statement)).all()


def add_old_room():
    row = {"id": uuid.uuid4().hex}
    with db.engine.begin() as connection:
        connection.execute(OLD_ROOM, row)
        connection.execute(OLD_TIMER, row)


def test_rooms_and_timers_stay_when_stamps_come_and_go(app):
    with app.app_context():
        downgrade(directory="migrations", revision="0001")
        add_old_room()
        upgrade(directory="migrations")
        assert stored("SELECT name, stamp FROM rooms") == [("Hall", "000000")]

        downgrade(directory="migrations", revision="0001")
        assert stored("SELECT name FROM rooms") == [("Hall",)]
        assert stored("SELECT title FROM timers") == [("Keynote",)]


def test_a_worker_of_the_version_before_writes_rooms_without_a_stamp(app):
    with app.app_context():
        add_old_room()

        assert stored("SELECT stamp FROM rooms") == [("000000",)]


LOGGED_ROOM = text(
    "INSERT INTO rooms (id, owner_id, name, description, share_token, revision, stamp,"
    " current_timer_id, created_at, updated_at) VALUES (:id, 'ada', :name, :text,"
    " :share_token, 41, 'abcdef', :current, 1700000000000, 1700000000007)"
)
LOGGED_TIMER = text(
    "INSERT INTO timers (id, room_id, title, description, completion_message, position,"
    " duration, remaining, status, started_at, ends_at, revision) VALUES (:id, :room,"
    " :title, :text, '', :position, 86400000, 1000, :status, :started_at, :ends_at, 7)"
)
AWKWARD = '"It\'s" \\ 語 \U0001f600\n\t\x01 %(name)s :name'


def add_rooms_to_log():
    """Two rooms: one with timers of each status, and one with nothing."""
    full, empty, *timers = (uuid.uuid4().hex for _ in range(6))
    room = {"name": AWKWARD[:20], "text": AWKWARD, "current": timers[1]}
    at = {"started_at": 1700000000005, "ends_at": 1700000060005}
    unset = {"started_at": None, "ends_at": None}
    with db.engine.begin() as connection:
        connection.execute(LOGGED_ROOM, {**room, "id": full, "share_token": "one"})
        room = {"name": "Empty", "text": "", "current": None}
        connection.execute(LOGGED_ROOM, {**room, "id": empty, "share_token": "two"})
        statuses = ("idle", "running", "paused", "finished")
        for position, (timer, status) in enumerate(zip(timers, statuses, strict=True)):
            row = {"id": timer, "room": full, "position": position, "status": status}
            texts = {"title": f"{position} {AWKWARD}"[:20], "text": AWKWARD}
            set_at = at if status == "running" else unset
            connection.execute(LOGGED_TIMER, row | texts | set_at)


def test_the_log_of_a_room_that_was_there_begins_with_its_state(app):
    api = Api(in_process(app.test_client()))
    with app.app_context():
        downgrade(directory="migrations", revision="0002")
        assert "room_revisions" not in tables()
        add_rooms_to_log()
        begun = clock.now()
        upgrade(directory="migrations")
        rooms = stored("SELECT share_token, CAST(id AS text) FROM rooms")
        counted = stored("SELECT log_rows, log_bytes FROM rooms ORDER BY share_token")
        sizes = stored(
            "SELECT number, bytes_until, v.at, v.actor, v.command, v.revision"
            " FROM room_revisions v JOIN rooms ON id = room_id ORDER BY share_token"
        )

    assert len(rooms) == 2
    for share_token, room_id in rooms:
        entries = next(app.extensions["log"].pages(uuid.UUID(room_id), 0))
        row = json.loads(entries[0].as_json("migration"))
        assert replayed([row]) == told(api.state(share_token))
    for (number, size, at, *rest), kept in zip(sizes, counted, strict=True):
        # Not counted: to write it into each room would lock them all.
        assert (number, size) == kept == (0, 0)
        assert begun - 1000 <= at <= clock.now() + 1000
        assert rest == ["migration", "begin-log", 41]


def test_a_room_that_was_there_goes_on_in_its_log_and_outlives_a_downgrade(app):
    with app.app_context():
        downgrade(directory="migrations", revision="0002")
        add_rooms_to_log()
        upgrade(directory="migrations")
        found = stored("SELECT CAST(id AS text) FROM rooms WHERE share_token = 'one'")
        room_id = uuid.UUID(found[0][0])

        app.extensions["changes"].make(
            update_room(room_id, {"name": "Renamed"}), COMMAND_LINE
        )

    (rows,) = app.extensions["log"].pages(room_id, 0)
    entries = [json.loads(row.as_json(row.actor)) for row in rows]
    # What was running is over since.
    assert [entry["command"] for entry in entries] == [
        "begin-log",
        "finish",
        "update-room",
    ]
    api = Api(in_process(app.test_client()))
    assert replayed(entries) == told(api.state("one"))

    with app.app_context():
        downgrade(directory="migrations", revision="0002")
        names = stored("SELECT name FROM rooms ORDER BY share_token")
        assert names == [("Renamed",), ("Empty",)]
        assert stored("SELECT count(*) FROM timers") == [(4,)]


@pytest.mark.database("postgres")
def test_what_ends_next_is_found_by_an_index(app):
    with app.app_context():
        names = {index["name"] for index in inspect(db.engine).get_indexes("timers")}

    assert "ix_timers_running_ends_at" in names


IMPATIENT_UPGRADE = """
import wsgi
from app.db import engine
from flask_migrate import upgrade

engine.SILENCE_SECONDS = 0.1
with wsgi.app.app_context():
    upgrade()
"""
# Longer than a command of that process may wait.
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event = 'advisory'"
    " AND now() - query_start > interval '0.5 s'"
)


def is_waiting():
    # A transaction of its own each time, for one sees what it saw at first.
    with db.engine.connect() as watching:
        return watching.execute(WAITING).scalar()


@pytest.mark.database("postgres")
def test_a_migration_waits_longer_than_a_command_may(app, database, tmp_path):
    settings = product_settings(tmp_path, database_url=database)
    with app.app_context(), db.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(7460125301)"))
        with subprocess.Popen(
            [sys.executable, "-c", IMPATIENT_UPGRADE],
            cwd=ROOT,
            env=child_environment(tmp_path) | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as upgrading:
            try:
                wait_until(
                    lambda: upgrading.poll() is not None or is_waiting(),
                    "the migration waits",
                    20,
                )
            finally:
                other.rollback()
            output, _ = upgrading.communicate(timeout=20)

    assert upgrading.returncode == 0, output
