"""What a room's owner may do beyond commanding its timers."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.show import add_timer, create_room, expect_title, press, row
from tests.support.browser import FAILED_REQUESTS
from tests.support.waiting import wait_until


def wish(desk, name):
    desk.locator(f"[data-wish={name}]").click()


def answer(desk, words):
    """Press a button of the dialog that asks first."""
    dialog = desk.locator("live-confirm dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name=words, exact=True).click()
    expect(dialog).to_be_hidden()


def test_the_room_is_deleted_after_a_dialog(stage, person_at):
    viewer = person_at(stage.server)
    screen = viewer.open(stage.viewer_path)
    expect(screen.locator("live-stage")).to_contain_text("Main stage")

    wish(stage.desk, "delete-room")
    expect(stage.desk.locator("live-confirm")).to_contain_text("Delete “Main stage”")
    answer(stage.desk, "Cancel")
    add_timer(stage.desk, "Still here")
    wish(stage.desk, "delete-room")
    answer(stage.desk, "Delete the room")

    expect(stage.desk.get_by_role("heading", name="has been deleted")).to_be_visible()
    expect(screen.locator("live-stage")).to_contain_text("has been deleted")
    answered = stage.api.request("GET", f"/api/rooms/{stage.room.share_token}")
    assert answered.status == 404
    stage.desk.get_by_role("link", name="To the start page").click()
    expect(stage.desk.get_by_text("None yet.")).to_be_visible()


def test_a_new_link_takes_the_place_of_the_old_one(stage, person_at):
    viewer = person_at(stage.server)
    old = viewer.open(stage.viewer_path)
    expect(old.locator("live-stage")).to_contain_text("Main stage")
    link = stage.desk.get_by_label("Link for viewers").first
    before = link.input_value()
    code = stage.desk.get_by_role("img", name="QR code: Link for viewers")
    drawn = code.inner_html()

    wish(stage.desk, "replace")
    answer(stage.desk, "Cancel")
    expect(link).to_have_value(before)
    wish(stage.desk, "replace")
    answer(stage.desk, "Replace the link")

    expect(link).not_to_have_value(before)
    expect(stage.desk.get_by_text("The link has been replaced.")).to_be_visible()
    assert code.inner_html() != drawn
    expect(old.locator("live-stage")).to_contain_text("has been replaced")
    add_timer(stage.desk, "After the change")
    press(stage.desk, "start", "After the change")
    expect_title(viewer.open(link.input_value()), "After the change")
    # The browser has kept the room under its new address, and no other.
    assert stage.desk.url == f"{link.input_value()}/operate"
    stage.desk.reload()
    expect(row(stage.desk, "After the change")).to_be_visible()
    home = stage.person.open("/")
    expect(home.get_by_role("link", name="Operate")).to_have_count(1)


def test_the_owners_other_desk_finds_the_new_link(stage):
    other = stage.person.open(f"{stage.viewer_path}/operate")
    add_timer(other, "Keynote")
    old = re.compile(re.escape(stage.room.share_token))

    wish(stage.desk, "replace")
    answer(stage.desk, "Replace the link")
    # A desk that takes the new link begins anew, without the form that was open.
    expect(stage.desk).not_to_have_url(old)
    expect(stage.desk.get_by_label("Link for viewers").first).not_to_have_value(old)
    add_timer(stage.desk, "After the change")

    expect(row(other, "After the change")).to_be_visible()
    assert other.url == stage.desk.url


def test_a_lost_answer_loses_no_room(stage):
    """The link was replaced, and nobody heard the new one."""
    old = stage.room.share_token

    def lose_the_answer(route):
        route.fetch()
        route.abort()

    stage.desk.route("**/share-token", lose_the_answer)
    wish(stage.desk, "replace")
    answer(stage.desk, "Replace the link")

    expect(stage.desk.get_by_label("Link for viewers").first).not_to_have_value(
        re.compile(re.escape(old))
    )
    add_timer(stage.desk, "After the change")
    stage.person.expect_complaints(*FAILED_REQUESTS)


def test_operators_links_are_made_and_ended(stage, person_at):
    add_timer(stage.desk, "Keynote")
    wish(stage.desk, "make-link")
    link = stage.desk.get_by_label("Link for operators").first.input_value()
    second = person_at(stage.server)
    desk = second.open(link)
    press(desk, "start", "Keynote")
    expect(row(stage.desk, "Keynote")).to_contain_text("Running")

    wish(stage.desk, "end-links")
    answer(stage.desk, "Cancel")
    press(desk, "pause", "Keynote")
    expect(row(stage.desk, "Keynote")).to_contain_text("Paused")
    wish(stage.desk, "end-links")
    answer(stage.desk, "End all operators’ links")

    expect(stage.desk.get_by_text("links have ended")).to_be_visible()
    expect(stage.desk.get_by_label("Link for operators")).to_have_count(0)
    press(desk, "reset", "Keynote")
    expect(desk.locator(".failure")).to_contain_text("was taken back")
    press(stage.desk, "reset", "Keynote")
    expect(row(desk, "Keynote")).to_contain_text("Not started")
    wish(stage.desk, "make-link")
    third = person_at(stage.server).open(
        stage.desk.get_by_label("Link for operators").first.input_value()
    )
    press(third, "start", "Keynote")
    expect(row(stage.desk, "Keynote")).to_contain_text("Running")
    second.expect_complaints("401")


def test_an_operator_is_offered_what_an_operator_may(stage, person_at):
    wish(stage.desk, "make-link")
    link = stage.desk.get_by_label("Link for operators").first.input_value()
    desk = person_at(stage.server).open(link)

    add_timer(desk, "By the operator")
    expect(desk.get_by_label("Link for viewers").first).to_be_visible()
    expect(desk.locator("[data-wish]")).to_have_count(0)
    expect(stage.desk.locator("[data-wish]")).to_have_count(3)


@pytest.mark.parametrize(
    ("name", "words", "path"),
    [
        ("replace", "Replace the link", "**/share-token"),
        ("end-links", "End all operators’ links", "**/tokens"),
        ("delete-room", "Delete the room", "**/api/rooms/*"),
    ],
)
def test_the_owners_failures_are_told_and_sent_again(stage, name, words, path):
    keys = []

    def fail(route):
        keys.append(route.request.headers["idempotency-key"])
        route.abort()

    stage.desk.route(path, fail)
    wish(stage.desk, name)
    answer(stage.desk, words)
    failure = stage.desk.locator(".failure")
    expect(failure).to_contain_text(f"Not done: {words}.")
    expect(failure).to_contain_text("does not answer")
    stage.desk.unroute(path)
    with stage.desk.expect_request(path) as again:
        failure.get_by_role("button", name="Try again").click()

    assert {*keys, again.value.headers["idempotency-key"]} == {keys[0]}
    expect(failure).to_have_count(0)
    stage.person.expect_complaints(*FAILED_REQUESTS)


def test_a_link_whose_making_failed_is_shown_when_it_is_made_at_last(stage):
    stage.desk.route("**/tokens", lambda route: route.abort())
    wish(stage.desk, "make-link")
    failure = stage.desk.locator(".failure")
    expect(failure).to_contain_text("Not done: Make a link for operators.")
    stage.desk.unroute("**/tokens")
    failure.get_by_role("button", name="Try again").click()

    expect(stage.desk.get_by_label("Link for operators").first).to_have_value(
        re.compile("#token=")
    )
    stage.person.expect_complaints(*FAILED_REQUESTS)


def test_a_room_made_here_is_listed_until_it_is_deleted(stage_server, person_at):
    owner = person_at(stage_server)
    home = owner.open("/")
    create_room(home, "Side stage")
    home.reload()
    home.get_by_role("link", name="Operate").click()
    desk = home
    wish(desk, "delete-room")
    answer(desk, "Delete the room")
    expect(desk.get_by_role("heading", name="has been deleted")).to_be_visible()
    kept = "() => localStorage.getItem('live-timer:rooms')"
    wait_until(lambda: desk.evaluate(kept) == "[]")
