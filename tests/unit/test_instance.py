"""What the server keeps on this machine is for its user alone."""

import os
from contextlib import contextmanager

import pytest

from app import create_app
from app.config import load
from app.instance import make_private
from tests.support.api import Api
from tests.support.product import migrate
from tests.support.senders import in_process

WHOLE, FOLDER, FILE = 0o777, 0o700, 0o600


@contextmanager
def umask(mask):
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path):
    return path.stat().st_mode & WHOLE


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def any_umask(request):
    with umask(request.param):
        yield


@pytest.fixture
def instance(tmp_path):
    return tmp_path / "instance"


@pytest.fixture
def serve(instance, app_factory):
    """Starts a development server with the embedded database, and has it write."""

    def serve():
        migrate(f"sqlite:///{instance / 'timers.db'}", instance)
        app = app_factory(load({"INSTANCE_PATH": str(instance)}))
        Api(in_process(app.test_client())).create_room()

    return serve


def modes(folder):
    return {path.name: mode(path) for path in folder.iterdir()}


@pytest.mark.usefixtures("any_umask")
def test_a_first_start_makes_everything_private_whatever_the_umask(serve, instance):
    serve()

    assert mode(instance) == FOLDER
    kept = modes(instance)
    assert {"timers.db", "timers.db-wal", "timers.db-shm", "jwt-secret"} <= set(kept)
    assert set(kept.values()) == {FILE}


def test_a_later_start_tightens_what_was_wider(serve, instance):
    serve()
    instance.chmod(0o755)
    for path in instance.iterdir():
        path.chmod(0o644)

    serve()

    assert mode(instance) == FOLDER
    assert set(modes(instance).values()) == {FILE}


def test_a_folder_that_others_use_too_keeps_its_mode_and_their_files(instance):
    instance.mkdir()
    theirs, ours = instance / "notes.txt", instance / "timers.db"
    for path in (theirs, ours):
        path.touch()
        path.chmod(0o644)
    instance.chmod(0o755)

    make_private(instance)

    assert mode(instance) == 0o755
    assert modes(instance) == {"notes.txt": 0o644, "timers.db": FILE}


def test_what_a_link_leads_to_is_left_alone(instance, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.touch()
    elsewhere.chmod(0o644)
    instance.mkdir()
    (instance / "timers.db").symlink_to(elsewhere)

    make_private(instance)

    assert mode(elsewhere) == 0o644


def test_a_database_elsewhere_is_made_private_and_left_alone_once_it_exists(
    instance, tmp_path
):
    database = tmp_path / "show.sqlite"
    chosen = {
        "INSTANCE_PATH": str(instance),
        "DATABASE_URL": f"sqlite:///{database}",
    }
    with umask(0):
        create_app(load(chosen))
    assert mode(database) == FILE

    database.chmod(0o640)
    create_app(load(chosen))
    assert mode(database) == 0o640


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite:////nowhere/at-all.db"])
def test_a_database_without_a_file_or_a_place_is_no_failure_yet(instance, url):
    create_app(load({"INSTANCE_PATH": str(instance), "DATABASE_URL": url}))
    assert set(modes(instance)) <= {"jwt-secret"}
