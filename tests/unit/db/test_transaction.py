"""The transaction: what is committed, what is called then, and what stays behind."""
# ruff: noqa: PT012 - the block is what is tested

import gevent
import gevent.event
import psycopg2
import pytest
from sqlalchemy import create_engine

from app.db.engine import (
    DatabaseAwayError,
    engine_options,
    prepare_engine,
    wait_for_postgres,
)
from app.db.transaction import Database, Prepared, Transaction
from tests.system import sql

NOTE = """INSERT INTO token_generations (holder, generation, revoked_at)
  VALUES (%(holder)s, 1, 0)"""
NOTES = "SELECT holder FROM token_generations ORDER BY holder"
WRONG = "SELECT 1 FROM nowhere"
on_postgres = pytest.mark.database("postgres")


@pytest.fixture
def engine(settings):
    url = settings.database_url
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def db(engine):
    return Database(engine)


@pytest.fixture
def note(db):
    """Writes a row: `note(transaction, holder)`."""

    def note(transaction, holder):
        transaction.write(NOTE, {"holder": holder})

    return note


@pytest.fixture
def noted(db):
    """The rows that are committed."""
    return lambda: [holder for (holder,) in db.look(NOTES, {})]


def assert_works(db, note, noted):
    """Nothing that failed before is in the way of the next transaction."""
    with db.transaction() as transaction:
        transaction.ask(["SELECT 1"], {})
        note(transaction, "afterwards")
    assert "afterwards" in noted()


def assert_keeps_at_most_one(db, engine):
    """One connection may be at hand, none else is lost, and none when it closes."""
    assert engine.pool.checkedout() <= 1
    db.close()
    assert engine.pool.checkedout() == 0


def test_what_is_written_is_there_when_the_block_has_ended(db, note, noted):
    with db.transaction() as transaction:
        note(transaction, "one")
        assert noted() == []

    assert noted() == ["one"]


def test_what_is_asked_and_what_is_written_is_one_transaction(db, note, noted):
    with pytest.raises(ZeroDivisionError), db.transaction() as transaction:
        transaction.ask([NOTE, NOTES], {"holder": "asked"})
        note(transaction, "written")
        1 / 0  # noqa: B018

    assert noted() == []
    assert_works(db, note, noted)


def test_a_block_inside_a_block_joins_it(db, note, noted):
    with db.transaction() as outer:
        with db.transaction() as inner:
            note(inner, "inner")
        assert inner is outer
        assert noted() == []

    assert noted() == ["inner"]


def test_what_fails_after_an_inner_block_undoes_it(db, note, noted):
    with pytest.raises(ZeroDivisionError), db.transaction():
        with db.transaction() as inner:
            note(inner, "inner")
        1 / 0  # noqa: B018

    assert noted() == []


def test_callbacks_are_called_in_order_after_the_outer_commit(db, note, noted):
    seen = []
    with db.transaction() as outer:
        outer.after_commit(lambda: seen.append(("first", noted())))
        with db.transaction() as inner:
            note(inner, "one")
            inner.after_commit(lambda: seen.append(("second", noted())))
        assert seen == []

    assert seen == [("first", ["one"]), ("second", ["one"])]


def test_a_callback_may_begin_a_transaction_of_its_own(db, note, noted):
    def follow_up():
        with db.transaction() as another:
            note(another, "later")

    with db.transaction() as transaction:
        note(transaction, "first")
        transaction.after_commit(follow_up)

    assert noted() == ["first", "later"]


def test_a_callback_that_fails_harms_neither_the_command_nor_the_next(db, note, noted):
    seen = []
    with db.transaction() as transaction:
        note(transaction, "one")
        transaction.after_commit(lambda: 1 / 0)
        transaction.after_commit(lambda: seen.append("next"))

    assert (noted(), seen) == (["one"], ["next"])


def test_no_callback_is_called_where_nothing_was_committed(db, note):
    seen = []
    with pytest.raises(ZeroDivisionError), db.transaction() as transaction:
        note(transaction, "one")
        transaction.after_commit(lambda: seen.append("told"))
        1 / 0  # noqa: B018
    with pytest.raises(Exception, match="nowhere"), db.transaction() as transaction:
        transaction.write(WRONG, {})
        transaction.after_commit(lambda: seen.append("told"))

    assert seen == []


def test_a_statement_that_fails_undoes_all_and_spoils_no_connection(
    db, engine, note, noted
):
    for _ in range(30):
        with pytest.raises(Exception, match="nowhere"), db.transaction() as transaction:
            note(transaction, "never")
            transaction.ask([WRONG], {})
        with pytest.raises(Exception, match="nowhere"), db.transaction() as transaction:
            note(transaction, "never")
            transaction.write(WRONG, {})
        with pytest.raises(Exception, match="nowhere"):
            db.look(WRONG, {})

    assert noted() == []
    assert_works(db, note, noted)
    assert_keeps_at_most_one(db, engine)


def test_values_are_never_read_as_sql(db, note, noted):
    hostile = [
        "'; DROP TABLE rooms; --",
        "%(holder)s %s %%",
        ":holder ?",
        'back\\slash" and $$',
        "\\'; COMMIT; --",
    ]
    with db.transaction() as transaction:
        for each in hostile:
            note(transaction, each)

    assert sorted(noted()) == sorted(hostile)
    assert_works(db, note, noted)


@on_postgres
def test_a_connection_that_the_server_has_ended_is_not_used_again(
    db, database, note, noted
):
    assert_works(db, note, noted)
    end_sessions(database)

    # The first one succeeds: nobody notices.
    with db.transaction() as transaction:
        note(transaction, "the next")

    assert noted() == ["afterwards", "the next"]


@on_postgres
def test_a_connection_that_is_lost_on_the_way_is_said_to_be_so(
    db, engine, database, note, noted
):
    with pytest.raises(DatabaseAwayError), db.transaction() as transaction:
        transaction.ask([NOTE, "SELECT 1"], {"holder": "lost"})
        end_sessions(database)
        transaction.ask(["SELECT 1"], {})
    with pytest.raises(DatabaseAwayError), db.transaction() as transaction:
        transaction.ask([NOTE, "SELECT 1"], {"holder": "lost"})
        end_sessions(database)
    with pytest.raises(DatabaseAwayError):
        db.look("SELECT pg_terminate_backend(pg_backend_pid())", {})

    assert noted() == []
    assert_works(db, note, noted)
    assert_keeps_at_most_one(db, engine)


@on_postgres
def test_who_waits_too_long_for_a_lock_hears_that_the_database_is_away(
    db, database, note, noted
):
    assert_works(db, note, noted)
    with sql.transaction(database) as cursor:
        cursor.execute("LOCK TABLE token_generations")
        with pytest.raises(DatabaseAwayError), db.transaction() as transaction:
            transaction.ask(["SET LOCAL lock_timeout = 10", NOTES], {})

    assert_works(db, lambda *_: None, noted)


@pytest.fixture
def green(db):
    """psycopg2 as the server has it: while it waits, other greenlets work."""
    # SQLAlchemy's locks are this unpatched process's; it has them for the first only.
    db.look("SELECT 1", {})
    psycopg2.extensions.set_wait_callback(wait_for_postgres)
    yield
    psycopg2.extensions.set_wait_callback(None)


@on_postgres
@pytest.mark.usefixtures("green")
@pytest.mark.parametrize("writes", [False, True], ids=["asking", "committing"])
def test_who_is_killed_on_the_way_leaves_nothing_behind(
    db, engine, note, noted, writes
):
    def work():
        with db.transaction() as transaction:
            transaction.ask([NOTE, "SELECT 1"], {"holder": "killed"})
            if writes:
                transaction.write("SELECT pg_sleep(60)", {})
            else:
                transaction.ask(["SELECT pg_sleep(60)"], {})

    for _ in range(3):
        greenlet = gevent.spawn(work)
        with gevent.Timeout(30):
            while not sleeping(db):
                gevent.sleep(0.01)
        greenlet.kill()

    assert noted() == []
    assert_works(db, note, noted)
    assert_keeps_at_most_one(db, engine)


@on_postgres
def test_a_connection_on_which_a_transaction_is_open_is_not_used_again(
    db, note, noted, monkeypatch
):
    def fails(_self):
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "roll_back", fails)
        with pytest.raises(ZeroDivisionError), db.transaction() as transaction:
            transaction.ask([NOTE, "SELECT 1"], {"holder": "left open"})
            raise RuntimeError

    assert_works(db, note, noted)
    assert noted() == ["afterwards"]


@on_postgres
@pytest.mark.usefixtures("green")
def test_a_transaction_is_its_own_greenlet_s(db, note, noted):
    begun, go_on = gevent.event.Event(), gevent.event.Event()

    def hold():
        with db.transaction() as transaction:
            note(transaction, "held")
            begun.set()
            go_on.wait()

    holder = gevent.spawn(hold)
    begun.wait()
    with db.transaction() as transaction:
        note(transaction, "meanwhile")
    assert noted() == ["meanwhile"]
    go_on.set()
    holder.get()

    assert noted() == ["held", "meanwhile"]


def sleeping(db):
    return db.look(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND state = 'active' AND wait_event = 'PgSleep'",
        {},
    )


def end_sessions(database):
    """Have PostgreSQL end every session of the database but the one that says so."""
    with sql.transaction(database) as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


HOLDERS = Prepared("holders", "SELECT * FROM token_generations WHERE holder = %(it)s")


@on_postgres
def test_a_plan_that_a_migration_has_made_useless_fails_once(db, database):
    assert db.look(HOLDERS, {"it": "nobody"}) == []
    with sql.transaction(database) as cursor:
        cursor.execute("ALTER TABLE token_generations ADD COLUMN more integer")

    with pytest.raises(psycopg2.NotSupportedError):
        db.look(HOLDERS, {"it": "nobody"})
    assert db.look(HOLDERS, {"it": "nobody"}) == []


@on_postgres
def test_what_was_to_be_prepared_when_all_failed_is_prepared_the_next_time(db):
    wrong = Prepared("wrong", WRONG)
    for _ in range(2):
        with pytest.raises(psycopg2.errors.UndefinedTable), db.transaction() as begun:
            begun.ask([HOLDERS, wrong], {"it": "nobody"})

    assert db.look(HOLDERS, {"it": "nobody"}) == []
