"""The schema that migrations make is the one that the models describe."""

import subprocess
import sys
import uuid

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from app.extensions import db
from tests.support.environment import ROOT, child_environment, product_settings
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
