"""Alembic's environment, through Flask-Migrate."""

from alembic import context
from flask import current_app
from psycopg2 import extensions, extras
from sqlalchemy import Connection, text

# Any number that no other program locks in this database: replicas that start
# together migrate one after the other.
LOCK = 7_460_125_301


def _run_offline() -> None:
    database = current_app.extensions["migrate"].db
    context.configure(
        url=database.engine.url.render_as_string(hide_password=False),
        target_metadata=database.metadata,
        literal_binds=True,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _run_online() -> None:
    database = current_app.extensions["migrate"].db
    _wait_as_long_as_it_takes()
    with database.engine.connect() as connection:
        _wait_for_others(connection)
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            compare_type=True,
            render_as_batch=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


def _wait_as_long_as_it_takes() -> None:
    # What the product waits with gives up what takes longer than a command may.
    if extensions.get_wait_callback() is not None:
        extensions.set_wait_callback(extras.wait_select)


def _wait_for_others(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET lock_timeout = 0"))
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))


if context.is_offline_mode():
    _run_offline()
else:
    _run_online()
