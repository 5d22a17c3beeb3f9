"""Undo at the desk: the button, the key, the history."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.show import (
    add_timer,
    digits_shown,
    expect_phase,
    press,
    row,
    timer_of,
)
from tests.support.browser import FAILED_REQUESTS
from tests.support.waiting import patient_ms, wait_until

UNDO = "live-undo button"
OFFER_ENDS_MS = patient_ms(15_000)
PRESS_WHEN_IT_CHANGES = """() => {
  const desk = document.querySelector('live-desk').shadowRoot;
  const undo = desk.querySelector('live-undo').shadowRoot;
  const press = (_, observer) => {
    const button = undo.querySelector('button');
    if (!button?.ariaLabel.includes('start of')) return;
    observer.disconnect();
    button.click();
  };
  const all = { subtree: true, childList: true, attributes: true };
  new MutationObserver(press).observe(undo, all);
}"""


@pytest.fixture
def operator(stage, person_at):
    """A second desk, of an operator of the show."""
    stage.desk.get_by_role("button", name="Make a link for operators").click()
    link = stage.desk.get_by_label("Link for operators").first.input_value()
    desk = person_at(stage.server).open(link)
    desk.get_by_role("button", name="+ Add a timer").wait_for()
    return desk


def take_back(desk, words):
    """Press the button that names what it undoes."""
    button = desk.locator(UNDO)
    expect(button).to_have_accessible_name(words)
    button.click()


def history(desk):
    desk.get_by_role("button", name="History").click()
    dialog = desk.locator("live-history dialog")
    expect(dialog).to_be_visible()
    return dialog


def line(dialog, words):
    return dialog.get_by_role("listitem").filter(has_text=words)


def test_a_wrong_reset_is_undone_as_if_nothing_had_been(stage, person_at):
    screen = person_at(stage.server).open(stage.viewer_path)
    apart = person_at(stage.server)
    witness = apart.open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "20:00")
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Running")
    before = timer_of(stage)
    # What would be shown if nothing had been: this screen hears of nothing more.
    expect_phase(witness, "Running")
    apart.context.set_offline(True)
    apart.expect_complaints(*FAILED_REQUESTS)

    press(stage.desk, "reset", "Keynote")
    expect_phase(screen, "Not started")
    take_back(stage.desk, "Undo: reset of Keynote, by you")

    expect_phase(screen, "Running")
    after = timer_of(stage)
    assert {**after, "revision": 0} == {**before, "revision": 0}
    wait_until(lambda: digits_shown(screen) == digits_shown(witness))
    expect(stage.desk.locator("live-undo [aria-live]")).to_have_text(
        "Undone: reset of Keynote, by you"
    )


def test_what_was_undone_can_be_redone(stage):
    add_timer(stage.desk, "Keynote")
    take_back(stage.desk, "Undo: adding of Keynote, by you")
    expect(row(stage.desk, "Keynote")).to_have_count(0)

    take_back(stage.desk, "Redo: adding of Keynote, undone by you")

    expect(row(stage.desk, "Keynote")).to_be_visible()


def test_a_deleted_timer_comes_back(stage):
    for title in ("First", "Second"):
        add_timer(stage.desk, title)
    press(stage.desk, "remove", "First")
    removal = stage.desk.locator("live-confirm")
    expect(removal).to_contain_text("Undo brings it back.")
    removal.get_by_role("button", name="Delete").click()
    expect(row(stage.desk, "First")).to_have_count(0)

    take_back(stage.desk, "Undo: deletion of First, by you")

    expect(stage.desk.locator("live-timer-row h3")).to_have_text(["First", "Second"])


def test_the_offer_ends_after_ten_seconds(stage):
    add_timer(stage.desk, "Keynote")
    button = stage.desk.locator(UNDO)
    expect(button).to_be_visible()

    expect(button).to_have_count(0, timeout=OFFER_ENDS_MS)

    expect(
        line(history(stage.desk), "Adding of Keynote").get_by_role("button")
    ).to_have_count(1)


def test_nothing_moves_when_an_undo_is_offered(stage):
    add_timer(stage.desk, "Keynote")
    stage.desk.set_viewport_size({"width": 390, "height": 844})
    button, place = stage.desk.locator(UNDO), row(stage.desk, "Keynote")
    expect(button).to_be_visible()
    offering = place.bounding_box()

    expect(button).to_have_count(0, timeout=OFFER_ENDS_MS)

    assert place.bounding_box() == offering


def test_ctrl_z_undoes_the_callers_own_latest_command(stage, operator):
    add_timer(stage.desk, "By the owner")
    add_timer(operator, "By the operator")
    expect(row(stage.desk, "By the operator")).to_be_visible()

    stage.desk.locator("body").press("Control+z")

    expect(row(operator, "By the owner")).to_have_count(0)
    expect(row(operator, "By the operator")).to_be_visible()
    operator.locator("body").press("Control+z")
    expect(row(stage.desk, "By the operator")).to_have_count(0)


def test_ctrl_z_with_nothing_to_undo_says_so(stage):
    # The room itself was made by its owner, and stays.
    stage.desk.locator("body").press("Control+z")

    expect(stage.desk.locator(".failure")).to_be_visible()
    stage.person.expect_complaints(*FAILED_REQUESTS)


def test_ctrl_z_in_a_text_field_stays_the_browsers(stage):
    desk = stage.desk
    asked = []
    desk.on("request", lambda request: asked.append(request.url))
    add_timer(desk, "Keynote")
    press(desk, "edit", "Keynote")
    title = desk.locator("live-timer-form dialog").get_by_label("Title")
    title.press("End")
    title.press("x")
    expect(title).to_have_value("Keynotex")

    title.press("Control+z")

    expect(title).to_have_value("Keynote")
    desk.keyboard.press("Escape")
    link = desk.get_by_label("Link for viewers").first
    link.press("Control+z")
    # A command that is sent afterwards is the first one since.
    press(desk, "start", "Keynote")
    expect(row(desk, "Keynote")).to_contain_text("Running")
    assert [url for url in asked if url.endswith("/undo")] == []


def test_a_second_desk_is_offered_the_firsts_command_with_its_author(stage, operator):
    add_timer(stage.desk, "Keynote")
    press(stage.desk, "start", "Keynote")
    expect(operator.locator(UNDO)).to_have_accessible_name(
        "Undo: start of Keynote, by the owner"
    )

    press(operator, "pause", "Keynote")
    button = stage.desk.locator(UNDO)
    expect(button).to_have_accessible_name(
        re.compile("^Undo: pause of Keynote, by operator [0-9a-f]{4}$")
    )
    button.click()

    expect(row(operator, "Keynote")).to_contain_text("Running")
    expect(operator.locator(UNDO)).to_have_accessible_name(
        "Redo: pause of Keynote, undone by the owner"
    )


def test_a_press_at_the_moment_that_the_button_changes_does_nothing(stage, operator):
    add_timer(stage.desk, "Keynote")
    button = stage.desk.locator(UNDO)
    expect(button).to_have_accessible_name("Undo: adding of Keynote, by you")
    button.click(trial=True)
    expect(button).not_to_have_attribute("aria-disabled", "true")

    # In the frame in which the words change, before anybody has read them.
    stage.desk.evaluate(PRESS_WHEN_IT_CHANGES)
    press(operator, "start", "Keynote")

    expect(button).to_have_accessible_name(re.compile("^Undo: start of Keynote"))
    expect(button).not_to_have_attribute("aria-disabled", "true")
    assert timer_of(stage)["status"] == "running"


def test_the_history_undoes_an_older_command(stage, operator):
    add_timer(stage.desk, "First")
    add_timer(operator, "Second")
    press(operator, "start", "Second")
    expect(row(stage.desk, "Second")).to_contain_text("Running")
    dialog = history(stage.desk)
    expect(dialog.locator(".what")).to_have_text(
        [
            "start of Second",
            "adding of Second",
            "adding of First",
            "new link for operators",
            "creation of the room",
        ]
    )
    expect(line(dialog, "new link for operators")).to_contain_text("Cannot be undone")
    expect(line(dialog, "start of Second")).to_contain_text("by operator")

    line(dialog, "adding of First").get_by_role("button", name="Undo").click()

    expect(row(operator, "First")).to_have_count(0)
    expect(row(operator, "Second")).to_contain_text("Running")
    undone = dialog.locator("li").filter(
        has=stage.desk.locator(".what", has_text=re.compile("^adding of First"))
    )
    expect(undone).to_contain_text("Undone")
    line(dialog, "undo of adding of First").get_by_role("button", name="Redo").click()
    expect(row(operator, "First")).to_be_visible()


def test_the_history_goes_back_as_far_as_the_log(stage):
    for number in range(110):
        stage.api.update_room(stage.room, name=f"Name {number}")
    dialog = history(stage.desk)
    expect(dialog.get_by_role("listitem")).to_have_count(100)

    dialog.get_by_role("button", name="Show older").click()

    expect(line(dialog, "creation of the room")).to_be_visible()
    expect(dialog.get_by_role("listitem")).to_have_count(111)
    expect(dialog.get_by_role("button", name="Show older")).to_have_count(0)


def test_an_undo_that_was_overtaken_says_what_is_in_the_way(stage):
    add_timer(stage.desk, "Keynote")
    press(stage.desk, "start", "Keynote")
    expect(row(stage.desk, "Keynote")).to_contain_text("Running")
    press(stage.desk, "pause", "Keynote")
    expect(row(stage.desk, "Keynote")).to_contain_text("Paused")
    dialog = history(stage.desk)

    line(dialog, "start of Keynote").get_by_role("button", name="Undo").click()

    # In the dialog, which hides what is behind it.
    failure = stage.desk.locator("live-history .failure")
    expect(failure).to_contain_text("Not done: Undo: start of Keynote.")
    expect(failure).to_contain_text("Changed since: Keynote.")
    assert timer_of(stage)["status"] == "paused"
    stage.person.expect_complaints("409")


def test_everything_is_reached_by_the_keyboard(stage):
    desk = stage.desk
    add_timer(desk, "Keynote")
    press(desk, "start", "Keynote")
    expect(desk.locator(UNDO)).to_have_accessible_name(re.compile("start of Keynote"))
    desk.locator("live-history").evaluate("() => document.activeElement.blur()")

    desk.get_by_role("button", name="History").focus()
    desk.keyboard.press("Shift+Tab")
    expect(desk.locator(UNDO)).to_be_focused()
    expect(desk.locator(UNDO)).not_to_have_attribute("aria-disabled", "true")
    desk.keyboard.press("Enter")
    expect(row(desk, "Keynote")).to_contain_text("Not started")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    dialog = desk.locator("live-history dialog")
    expect(dialog.get_by_role("region", name="History")).to_be_focused()
    expect(dialog.get_by_role("button", name="Redo")).to_be_visible()
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect(row(desk, "Keynote")).to_contain_text("Running")
    # The button has gone, the person has not.
    expect(dialog.get_by_role("region", name="History")).to_be_focused()
    desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_an_idle_desk_asks_for_nothing(stage):
    desk = stage.desk
    add_timer(desk, "Keynote")
    expect(desk.locator(UNDO)).to_be_visible()
    asked = []
    desk.on("request", lambda request: asked.append(request.url))

    expect(desk.locator(UNDO)).to_have_count(0, timeout=OFFER_ENDS_MS)

    assert [url for url in asked if "/revisions" in url] == []
