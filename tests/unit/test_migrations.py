"""The schema that migrations make is the one that the models describe."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from app.extensions import db

TABLES = {"rooms", "timers", "token_generations", "idempotency_keys"}


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


@pytest.mark.database("postgres")
def test_what_ends_next_is_found_by_an_index(app):
    with app.app_context():
        names = {index["name"] for index in inspect(db.engine).get_indexes("timers")}

    assert "ix_timers_running_ends_at" in names
