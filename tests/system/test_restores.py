"""A backup is restored as `docs/operations.md` says, with screens open."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.screens import Screens


class Show:
    """A room whose screens saw more than its backup knows."""

    def __init__(self, server, open_screens):
        self.server, self.api = server, server.api()
        self.room = self.api.create_room()
        self.timers = [
            self.api.create_timer(self.room, title) for title in ("Keynote", "Panel")
        ]
        self.api.update_timer(self.room, self.timers[1], title="In the backup")
        self._open = open_screens

    def go_on(self):
        """Do what the backup does not know, before open screens."""
        self.screens = self._open(self.server, self.room)
        self.api.start(self.room, self.timers[0])
        self.api.update_timer(self.room, self.timers[1], title="Lost")
        self.api.create_timer(self.room, "Lost too")
        self.api.update_room(self.room, name="Lost as well")
        self.screens.wait_until_all_show_the_room()

    def ends_well(self):
        """Check that the backup is what every screen shows, and that a show goes on."""
        self.screens.wait_until_all_show_the_room()
        state = self.api.state(self.room.share_token)
        titles = [timer["title"] for timer in state["timers"]]
        assert (state["name"], titles) == ("Main stage", ["Keynote", "In the backup"])
        self.api.start(self.room, self.timers[1])
        self.screens.wait_until_all_show_the_room()


@pytest.fixture
def show_on(viewer_factory, standard_clients):
    return lambda server: Show(
        server,
        lambda server, room: Screens(server, room, viewer_factory, standard_clients),
    )


@pytest.fixture
def on_postgres(server_factory, private_postgres, redis_url):
    server = server_factory(
        workers=2, database_url=private_postgres.url, redis_url=redis_url
    )
    server.wait_for_workers(2)
    return server


def dump(postgres):
    backup = postgres.folder / "data" / "live-timer.dump"
    postgres.run_program("pg_dump", "-d", postgres.url, "-Fc", "-f", backup)
    return backup


def restore(postgres, backup):
    how = ("--clean", "--if-exists", "--single-transaction")
    postgres.run_program("pg_restore", "-d", postgres.url, *how, backup)


def test_a_postgres_dump_is_restored_while_the_server_is_stopped(
    show_on, on_postgres, private_postgres
):
    show = show_on(on_postgres)
    backup = dump(private_postgres)
    show.go_on()

    on_postgres.stop()
    restore(private_postgres, backup)
    on_postgres.start()

    show.ends_well()


def test_a_postgres_dump_is_restored_under_a_running_server(
    show_on, on_postgres, private_postgres
):
    show = show_on(on_postgres)
    backup = dump(private_postgres)
    show.go_on()

    restore(private_postgres, backup)

    show.ends_well()
    assert all(show.screens.told_to_go_back())


def test_a_clean_end_leaves_all_of_sqlite_in_its_one_file(
    show_on, embedded, timers_db, tmp_path
):
    show = show_on(embedded)
    embedded.stop()
    copy = shutil.copy(timers_db, tmp_path / "copy.db")

    with closing(sqlite3.connect(copy)) as connection:
        (titles,) = connection.execute("SELECT group_concat(title) FROM timers")

    assert titles == ("Keynote,In the backup",)
    assert [path.name for path in tmp_path.glob("timers.db*")] == ["timers.db"]
    embedded.start()
    assert show.api.state(show.room.share_token)["timers"]


def crash(server):
    """End every process of it at once: a worker that lives on would still write."""
    server.freeze()
    for worker in server.worker_pids():
        server.kill_worker(worker)
    server.kill()


@pytest.mark.parametrize("crashes", [False, True], ids=["stopped", "crashed"])
def test_a_copy_of_sqlite_s_file_is_put_back(
    show_on, embedded, timers_db, tmp_path, crashes
):
    show = show_on(embedded)
    embedded.stop()
    backup = shutil.copy(timers_db, tmp_path / "timers-backup.db")
    embedded.start()
    show.go_on()

    if crashes:
        crash(embedded)
        for beside in ("-wal", "-shm"):
            Path(f"{timers_db}{beside}").unlink()
    else:
        embedded.stop()
    shutil.copy(backup, timers_db)
    embedded.start()

    show.ends_well()


def sqlite_program(command, database, other):
    """Run `.backup` or `.restore`; without the shell, the function of SQLite's own."""
    program = shutil.which("sqlite3")
    if program is not None:
        subprocess.run([program, database, f".{command} {other}"], check=True)
        return
    with (
        closing(sqlite3.connect(database)) as here,
        closing(sqlite3.connect(other)) as o,
    ):
        source, target = (here, o) if command == "backup" else (o, here)
        source.backup(target)


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_a_backup_of_sqlite_is_restored(
    show_on, embedded, timers_db, tmp_path, running
):
    show = show_on(embedded)
    backup = tmp_path / "timers-backup.db"
    sqlite_program("backup", timers_db, backup)
    show.go_on()

    if not running:
        embedded.stop()
    sqlite_program("restore", timers_db, backup)
    if not running:
        embedded.start()

    show.ends_well()


def test_after_a_restore_rooms_are_lifted_for_clients_that_do_not_know_of_it(
    show_on, on_postgres, private_postgres
):
    show = show_on(on_postgres)
    backup = dump(private_postgres)
    show.go_on()
    before = show.api.state(show.room.share_token)["revision"]
    restore(private_postgres, backup)

    assert "Lifted 1 rooms" in on_postgres.flask("room", "restored").stdout

    show.ends_well()
    state = show.api.state(show.room.share_token)
    assert all(timer["revision"] > before for timer in state["timers"])
