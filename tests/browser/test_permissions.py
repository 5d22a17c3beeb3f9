"""A desk takes a link's token when the server accepts it; never for a better one."""

import pytest
from playwright.sync_api import expect

from tests.api.people import claims_of, operator_of, signed
from tests.browser.show import add_timer, press, row
from tests.support.browser import FAILED_REQUESTS
from tests.support.waiting import wait_until

KEPT = "() => JSON.parse(localStorage.getItem('live-timer:rooms') ?? '[]')"


@pytest.fixture
def room(stage_server):
    return stage_server.api().create_room()


@pytest.fixture
def person(stage_server, person_at):
    return person_at(stage_server)


@pytest.fixture
def desk_with(person, room):
    """Opens the desk by a link with a token; the server has answered."""

    def desk_with(token):
        with person.context.expect_event("response", says_of_a_token):
            return person.open(f"/r/{room.share_token}/operate#token={token}")

    return desk_with


def says_of_a_token(response):
    return response.request.method == "PUT"


def kept_token(page):
    """Return the one token that the browser keeps, None where it keeps none."""
    rooms = page.evaluate(KEPT)
    assert len(rooms) <= 1
    return rooms[0]["token"] if rooms else None


def expect_no_desk(page):
    expect(page.locator("[role=alert]")).to_be_visible()
    expect(page.get_by_role("button", name="+ Add a timer")).to_have_count(0)


def test_a_token_that_the_server_refuses_is_not_kept(person, desk_with, room):
    expired = signed(sub=claims_of(room.admin_token)["sub"], exp=1_700_000_000)

    page = desk_with(expired)

    expect_no_desk(page)
    expect(page.get_by_text("was taken back")).to_be_visible()
    assert kept_token(page) is None
    assert "token" not in page.url
    person.expect_complaints("401")


def test_a_token_of_another_room_is_not_kept(person, desk_with, room, stage_server):
    api = stage_server.api()
    elsewhere = operator_of(api, api.create_room())

    page = desk_with(elsewhere)

    expect_no_desk(page)
    assert kept_token(page) is None
    person.expect_complaints("403")


def test_a_refused_link_does_not_end_an_owner_s_permission(desk_with, room):
    add_timer(desk_with(room.admin_token), "Keynote")
    forged = room.admin_token[:-8] + "AAAAAAAA"

    page = desk_with(forged)

    press(page, "start", "Keynote")
    expect(row(page, "Keynote")).to_contain_text("Running")
    assert kept_token(page) == room.admin_token


def test_an_operators_link_does_not_displace_the_owner_s_permission(
    desk_with, room, stage_server
):
    add_timer(desk_with(room.admin_token), "Keynote")

    with_link = desk_with(operator_of(stage_server.api(), room))

    expect(with_link.locator("[data-wish=delete-room]")).to_be_visible()
    press(with_link, "start", "Keynote")
    expect(row(with_link, "Keynote")).to_contain_text("Running")
    assert kept_token(with_link) == room.admin_token


def test_an_accepted_link_takes_the_place_of_what_was_taken_back(
    person, desk_with, room, stage_server
):
    # The first desk may ask for the log of what happened, before it is left.
    person.expect_complaints("401 (UNAUTHORIZED)")
    api = stage_server.api()
    add_timer(desk_with(operator_of(api, room)), "Keynote")
    path = f"/api/rooms/{room.id}/tokens"
    assert api.request("DELETE", path, token=room.admin_token).status == 204
    renewed = operator_of(api, room)

    page = desk_with(renewed)

    expect(row(page, "Keynote")).to_be_visible()
    wait_until(lambda: kept_token(page) == renewed)
    press(page, "start", "Keynote")
    expect(row(page, "Keynote")).to_contain_text("Running")


def test_a_link_waits_for_the_server_to_answer(person, desk_with, room, stage_server):
    """The token is neither lost nor kept before the server has said anything of it."""
    token = operator_of(stage_server.api(), room)
    command = f"**/api/rooms/{room.id}"
    person.context.route(command, lambda route: route.abort())
    with person.context.expect_event("requestfailed"):
        page = person.open(f"/r/{room.share_token}/operate#token={token}")
    page.wait_for_function("() => !location.hash")
    expect(page.get_by_role("heading", name="Connecting")).to_be_visible()
    assert kept_token(page) is None
    person.context.unroute(command)

    expect(page.get_by_role("button", name="+ Add a timer")).to_be_visible()
    assert kept_token(page) == token
    person.expect_complaints(*FAILED_REQUESTS)
