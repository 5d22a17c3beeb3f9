"""What a hall meets: servers that restart, networks that fail, wrong clocks."""

import pytest
from playwright.sync_api import expect

from tests.browser.show import (
    add_timer,
    digits_shown,
    expect_phase,
    press,
    row,
    seconds_shown,
    timer_of,
)
from tests.support.browser import FAILED_REQUESTS
from tests.support.waiting import wait_until

HOUR_MS = 3_600_000
SHIFTED = "const now = Date.now; Date.now = () => now.call(Date) + ({});"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_of_the_server_is_survived(server_factory, show_at, person_at, end):
    server = server_factory(workers=2)
    server.wait_for_workers(2)
    stage = show_at(server)
    hall = person_at(server)
    screen = hall.open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Running")

    getattr(server, end)()
    before = seconds_shown(screen)
    expect(screen.locator("live-stage .status")).to_contain_text("Unconfirmed for")
    wait_until(lambda: seconds_shown(screen) < before, "the digits go on")
    server.start()

    expect(screen.locator("live-stage .status")).to_have_text("")
    press(stage.desk, "pause", "Keynote")
    expect_phase(screen, "Paused")
    hall.expect_complaints(*FAILED_REQUESTS)
    stage.person.expect_complaints(*FAILED_REQUESTS)


def test_a_screen_without_network_goes_on_and_comes_back(stage, person_at):
    viewer = person_at(stage.server)
    screen = viewer.open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Running")

    viewer.context.set_offline(True)
    before = seconds_shown(screen)
    expect(screen.locator("live-stage .status")).to_contain_text("Unconfirmed for")
    wait_until(lambda: seconds_shown(screen) < before, "the digits go on")
    press(stage.desk, "pause", "Keynote")
    expect(row(stage.desk, "Keynote")).to_contain_text("Paused")
    viewer.context.set_offline(False)

    expect_phase(screen, "Paused")
    expect(screen.locator("live-stage .status")).to_have_text("")
    assert seconds_shown(screen) == desk_seconds(stage)
    viewer.expect_complaints(*FAILED_REQUESTS)


def test_where_sockets_are_blocked_polling_shows_the_changes(stage, person_at):
    viewer = person_at(stage.server)
    viewer.context.route("**/socket.io/**", lambda route: route.abort())
    viewer.context.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    screen = viewer.open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")

    expect_phase(screen, "Running")
    expect(screen.locator("live-stage .status")).to_contain_text("asking again")
    press(stage.desk, "pause", "Keynote")
    expect_phase(screen, "Paused")
    viewer.expect_complaints(*FAILED_REQUESTS)


@pytest.mark.parametrize("off", [HOUR_MS, -HOUR_MS], ids=["ahead", "behind"])
def test_a_device_whose_clock_is_an_hour_off_shows_the_right_time(
    stage, person_at, off
):
    right, wrong = person_at(stage.server), person_at(stage.server)
    wrong.context.add_init_script(SHIFTED.format(off))
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    screens = [person.open(stage.viewer_path) for person in (right, wrong)]
    for screen in screens:
        expect_phase(screen, "Running")

    # A digit may change between the two looks.
    wait_until(lambda: len({digits_shown(screen) for screen in screens}) == 1)
    assert 240 <= seconds_shown(screens[1]) <= 300


def test_a_clock_that_is_set_during_the_show_is_noticed(stage, person_at):
    screen = person_at(stage.server).open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Running")

    screen.evaluate(f"() => {{ {SHIFTED.format(HOUR_MS)} }}")

    wait_until(lambda: 240 <= seconds_shown(screen) <= 300, "the right time")


def test_a_device_that_slept_goes_on_without_network(stage, person_at):
    viewer = person_at(stage.server)
    screen = viewer.open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Running")

    viewer.context.set_offline(True)
    # In a device's sleep this clock stands still, and the other one goes on.
    screen.evaluate("""() => {
      const now = performance.now.bind(performance);
      performance.now = () => now() - 3_600_000;
    }""")
    before = seconds_shown(screen)
    # Any look at digits that are not there fails.
    wait_until(lambda: seconds_shown(screen) <= before - 3, "the digits go on")
    viewer.expect_complaints(*FAILED_REQUESTS)


def test_a_command_that_was_not_answered_is_sent_again_once(stage):
    add_timer(stage.desk, "Keynote", "5")
    keys = []

    def lose_the_answer(route):
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    stage.desk.route("**/timers/*/start", lose_the_answer)
    revision = stage.api.state(stage.room.share_token)["revision"]
    press(stage.desk, "start", "Keynote")

    expect(stage.desk.get_by_text("Sending")).to_have_count(0)
    expect(row(stage.desk, "Keynote")).to_contain_text("Running")
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert stage.api.state(stage.room.share_token)["revision"] == revision + 1
    assert stage.desk.locator(".failure").count() == 0
    stage.person.expect_complaints(*FAILED_REQUESTS)


def test_a_failure_is_told_in_words_and_can_be_sent_again(stage):
    add_timer(stage.desk, "Keynote", "5")
    keys = []

    def fail(route):
        keys.append(route.request.headers["idempotency-key"])
        route.abort()

    stage.desk.route("**/timers/*/start", fail)
    press(stage.desk, "start", "Keynote")
    failure = stage.desk.locator(".failure")
    expect(failure).to_contain_text("Not done: Start: Keynote.")
    expect(failure).to_contain_text("does not answer")
    stage.desk.unroute("**/timers/*/start")
    with stage.desk.expect_request("**/timers/*/start") as again:
        failure.get_by_role("button", name="Try again").click()

    assert again.value.headers["idempotency-key"] == keys[0]
    expect(row(stage.desk, "Keynote")).to_contain_text("Running")
    expect(failure).to_have_count(0)
    stage.person.expect_complaints(*FAILED_REQUESTS)


def test_a_start_that_another_operator_has_overtaken_does_not_restart(stage):
    add_timer(stage.desk, "Talk", "0:01")
    timer = stage.api.state(stage.room.share_token)["timers"][0]
    held = []

    def hold(route):
        held.append(route)

    stage.desk.route("**/timers/*/start", hold)
    with stage.desk.expect_request("**/timers/*/start"):
        press(stage.desk, "start", "Talk")
    wait_until(lambda: stage.desk.wait_for_timeout(20) or held)
    stage.api.start(stage.room, timer)
    wait_until(lambda: timer_of(stage)["status"] == "finished", "the talk is over")
    held[0].continue_()

    expect(stage.desk.locator(".failure")).to_contain_text("Somebody else")
    [after] = stage.api.state(stage.room.share_token)["timers"]
    assert after["status"] == "finished"
    stage.person.expect_complaints(*FAILED_REQUESTS)


def test_a_link_that_was_replaced_or_a_room_that_is_gone_is_said(stage, person_at):
    viewer = person_at(stage.server)
    first = viewer.open(stage.viewer_path)
    expect(first.locator("live-stage")).to_contain_text("Main stage")
    path = f"/api/rooms/{stage.room.id}/share-token"
    answer = stage.api.request("POST", path, token=stage.room.admin_token)
    expect(first.locator("live-stage")).to_contain_text("has been replaced")

    second = viewer.open(f"/r/{answer.json['shareToken']}")
    expect(second.locator("live-stage")).to_contain_text("Main stage")
    stage.api.delete_room(stage.room)
    expect(second.locator("live-stage")).to_contain_text("has been deleted")

    third = viewer.open("/r/there-is-no-such-room-here")
    expect(third.locator("live-stage")).to_contain_text("No room has this link")
    # Polling says 404, and Chromium says so on the console.
    viewer.expect_complaints("404")


def desk_seconds(stage):
    shown = row(stage.desk, "Keynote").locator(".digits").text_content()
    minutes, seconds = shown.split(":")
    return int(minutes) * 60 + int(seconds)
