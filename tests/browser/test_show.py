"""A show from the first room to the last timer, on several screens at once."""

from playwright.sync_api import expect

from tests.browser.show import (
    add_timer,
    create_room,
    expect_phase,
    expect_title,
    press,
    row,
    seconds_shown,
)
from tests.support.waiting import wait_until


def test_a_room_is_created_and_a_start_shows_on_three_screens(stage_server, person_at):
    owner, hall = person_at(stage_server), person_at(stage_server)
    home = owner.open("/")
    viewers_link, _ = create_room(home, "Main stage")
    home.get_by_role("link", name="Operate").first.click()
    add_timer(home, "Keynote", "20:00")
    screens = [hall.open(viewers_link) for _ in range(3)]

    press(home, "start", "Keynote")

    for screen in screens:
        expect_title(screen, "Keynote")
        expect_phase(screen, "Running")
        wait_until(lambda screen=screen: 1195 <= seconds_shown(screen) <= 1200)
    expect(home.locator(".viewers")).to_have_text("4 watching")


def test_pause_reset_edit_and_delete_show_on_the_screen(stage, person_at):
    screen = person_at(stage.server).open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Running")

    press(stage.desk, "pause", "Keynote")
    expect_phase(screen, "Paused")
    assert 295 <= seconds_shown(screen) <= 300

    press(stage.desk, "reset", "Keynote")
    expect_phase(screen, "Not started")
    assert seconds_shown(screen) == 300

    press(stage.desk, "edit", "Keynote")
    form = stage.desk.locator("live-timer-form dialog")
    form.get_by_label("Title").fill("Opening")
    form.get_by_label("Length").fill("1:30")
    form.get_by_role("button", name="Save").click()
    expect_title(screen, "Opening")
    wait_until(lambda: seconds_shown(screen) == 90)

    press(stage.desk, "remove", "Opening")
    removal = stage.desk.locator("live-confirm")
    expect(removal).to_contain_text("Delete “Opening”?")
    removal.get_by_role("button", name="Delete").click()
    expect(row(stage.desk, "Opening")).to_have_count(0)
    expect(screen.locator("live-stage")).to_contain_text("Waiting")


def test_the_message_stands_at_zero_and_the_overtime_counts(stage, person_at):
    screen = person_at(stage.server).open(stage.viewer_path)
    add_timer(stage.desk, "Thanks", "0:01", "Thank you all")

    press(stage.desk, "start", "Thanks")

    expect(screen.locator("live-stage .message")).to_have_text("Thank you all")
    expect_phase(screen, "Over time")
    wait_until(lambda: seconds_shown(screen) <= -1)


def test_what_has_run_out_starts_again_only_after_a_reset(stage):
    add_timer(stage.desk, "Talk", "0:01")
    timer = stage.api.state(stage.room.share_token)["timers"][0]
    press(stage.desk, "start", "Talk")
    start = row(stage.desk, "Talk").locator("[data-action=start]")
    expect(row(stage.desk, "Talk")).to_contain_text("Over time")
    wait_until(lambda: state_of(stage, timer)["status"] == "finished")

    expect(start).to_be_disabled()
    stage.desk.locator("body").press(" ")
    press(stage.desk, "reset", "Talk")
    expect(start).to_be_enabled()
    assert state_of(stage, timer)["status"] == "idle"


def test_a_double_tap_starts_once(stage):
    add_timer(stage.desk, "Talk")
    revision = stage.api.state(stage.room.share_token)["revision"]

    row(stage.desk, "Talk").locator("[data-action=start]").dblclick(force=True)

    expect(row(stage.desk, "Talk")).to_contain_text("Running")
    state = stage.api.state(stage.room.share_token)
    assert state["revision"] == revision + 1
    assert state["timers"][0]["status"] == "running"


def test_two_operators_see_each_others_changes(stage, person_at):
    token = stage.api.request(
        "POST", f"/api/rooms/{stage.room.id}/tokens", token=stage.room.admin_token
    ).json["operatorToken"]
    second = person_at(stage.server).open(f"{stage.viewer_path}/operate#token={token}")

    add_timer(second, "From the second")
    expect(row(stage.desk, "From the second")).to_be_visible()
    press(stage.desk, "start", "From the second")
    expect(row(second, "From the second")).to_contain_text("Running")
    add_timer(stage.desk, "From the first")
    expect(row(second, "From the first")).to_be_visible()
    press(second, "show", "From the first")
    expect(row(stage.desk, "From the first")).to_contain_text("On the screens")


def test_the_token_leaves_the_address_and_stays_in_the_browser(stage):
    assert "#" not in stage.desk.url
    stage.desk.reload()
    add_timer(stage.desk, "After the reload")


def test_without_a_token_nothing_is_offered(stage, person_at):
    stranger = person_at(stage.server).open(f"{stage.viewer_path}/operate")

    expect(stranger.get_by_role("alert")).to_contain_text("no permission")
    expect(stranger.get_by_role("button")).to_have_count(0)


def test_the_keyboard_commands_the_selected_timer(stage):
    desk = stage.desk
    body = desk.locator("body")
    body.press("?")
    expect(desk.locator("live-shortcuts")).to_contain_text("Start or pause")
    desk.keyboard.press("Escape")
    body.press("n")
    desk.keyboard.type("By key")
    desk.keyboard.press("Enter")
    expect(row(desk, "By key")).to_be_visible()

    body.press(" ")
    expect(row(desk, "By key")).to_contain_text("Running")
    desk.wait_for_timeout(800)  # a second key at once would be a double tap
    body.press(" ")
    expect(row(desk, "By key")).to_contain_text("Paused")
    body.press("r")
    expect(row(desk, "By key")).to_contain_text("Not started")
    body.press("Delete")
    desk.locator("live-confirm").get_by_role("button", name="Delete").click()
    expect(row(desk, "By key")).to_have_count(0)


def state_of(stage, timer):
    timers = stage.api.state(stage.room.share_token)["timers"]
    return next(one for one in timers if one["id"] == timer["id"])
