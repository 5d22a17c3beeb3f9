"""The pages go back with the database, when a backup is restored under them."""

import shutil

from playwright.sync_api import expect

from tests.browser.show import expect_phase, row
from tests.support.browser import FAILED_REQUESTS


def test_a_page_and_a_desk_show_what_a_restore_brought_back(
    embedded, timers_db, tmp_path, show_at, person_at
):
    stage = show_at(embedded)
    timer = stage.api.create_timer(stage.room, "Keynote", 600_000)
    stage.api.update_room(stage.room, currentTimerId=timer["id"])
    hall = person_at(embedded)
    screen = hall.open(stage.viewer_path)
    expect_phase(screen, "Not started")
    embedded.stop()
    backup = shutil.copy(timers_db, tmp_path / "timers-backup.db")
    embedded.start()
    stage.api.start(stage.room, timer)
    stage.api.update_timer(stage.room, timer, title="Lost")
    expect_phase(screen, "Running")
    expect(row(stage.desk, "Lost")).to_be_visible()

    embedded.stop()
    shutil.copy(backup, timers_db)
    embedded.start()

    expect_phase(screen, "Not started")
    expect(row(stage.desk, "Keynote")).to_be_visible()
    expect(row(stage.desk, "Lost")).to_have_count(0)
    hall.expect_complaints(*FAILED_REQUESTS)
    stage.person.expect_complaints(*FAILED_REQUESTS)
