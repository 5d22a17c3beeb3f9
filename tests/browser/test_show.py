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
        wait_until(lambda screen=screen: 1140 <= seconds_shown(screen) <= 1200)
    expect(home.locator(".viewers")).to_have_text("4 watching")


def test_pause_reset_edit_and_delete_show_on_the_screen(stage, person_at):
    screen = person_at(stage.server).open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Running")

    press(stage.desk, "pause", "Keynote")
    expect_phase(screen, "Paused")
    assert 240 <= seconds_shown(screen) <= 300

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


def test_a_key_that_bounces_is_pressed_once(stage):
    stage.api.create_timer(stage.room, "Talk", 300_000)
    expect(row(stage.desk, "Talk")).to_be_visible()
    stage.desk.evaluate(
        "() => { const at = performance.now(); performance.now = () => at; }"
    )
    revision = stage.api.state(stage.room.share_token)["revision"]

    stage.desk.locator("body").press(" ")
    expect(row(stage.desk, "Talk")).to_contain_text("Running")
    stage.desk.locator("body").press(" ")
    press(stage.desk, "edit", "Talk")
    form = stage.desk.locator("live-timer-form dialog")
    form.get_by_label("Title").fill("The talk")
    form.get_by_role("button", name="Save").click()
    expect(row(stage.desk, "The talk")).to_be_visible()

    assert timers_of(stage)[0]["status"] == "running"
    assert stage.api.state(stage.room.share_token)["revision"] == revision + 2


def test_a_double_tap_deletes_nothing(stage):
    add_timer(stage.desk, "Talk")

    # No timer of the page runs before the second tap.
    ready = (
        row(stage.desk, "Talk")
        .locator("[data-action=remove]")
        .evaluate(
            """async (button) => {
          button.click();
          for (let turn = 0; turn < 50; turn += 1) await null;
          const dialog = button.getRootNode().host.getRootNode()
            .querySelector('live-confirm').shadowRoot.querySelector('dialog');
          return [dialog.open, dialog.querySelector('.danger').disabled];
        }"""
        )
    )

    assert ready == [True, True]
    stage.desk.locator("live-confirm").get_by_role("button", name="Delete").click()
    expect(row(stage.desk, "Talk")).to_have_count(0)


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
    keys = desk.locator("live-shortcuts dialog")
    expect(keys).to_be_visible()
    expect(keys).to_contain_text("Start or pause")
    desk.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    body.press("n")
    expect(desk.locator("live-timer-form dialog")).to_be_visible()
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


def test_the_keyboard_selects_shows_and_edits(stage):
    desk = stage.desk
    body = desk.locator("body")
    for title in ("First", "Second", "Third"):
        add_timer(desk, title)

    body.press("ArrowDown")
    body.press("ArrowDown")
    body.press("ArrowUp")
    body.press("s")
    expect(row(desk, "Second")).to_contain_text("On the screens")
    body.press("e")
    form = desk.locator("live-timer-form dialog")
    expect(form).to_be_visible()
    expect(form.get_by_label("Title")).to_have_value("Second")
    desk.keyboard.press("Escape")
    expect(form).to_be_hidden()
    press(desk, "up", "Third")
    wait_until(lambda: titles_of(stage) == ["First", "Third", "Second"])


def test_the_keys_can_be_switched_off_and_stay_so(stage):
    desk = stage.desk
    desk.locator("body").press("?")
    desk.get_by_label("Keyboard shortcuts are on").uncheck()
    desk.reload()
    desk.get_by_role("button", name="+ Add a timer").wait_for()

    desk.locator("body").press("n")
    desk.locator("body").press("?")
    expect(desk.locator("live-shortcuts dialog")).to_be_visible()
    expect(desk.locator("live-timer-form dialog")).to_be_hidden()


def test_the_token_is_in_no_address_that_is_asked_for(stage_server, person_at):
    owner = person_at(stage_server)
    asked = []
    owner.context.on("request", lambda request: asked.append(request.url))
    home = owner.open("/")
    _, link = create_room(home)
    token = link.partition("#token=")[2]
    operator = person_at(stage_server)
    operator.context.on("request", lambda request: asked.append(request.url))
    desk = operator.context.new_page()
    desk.on("websocket", lambda socket: asked.append(socket.url))
    desk.goto(link)
    add_timer(desk, "Keynote")
    press(desk, "start", "Keynote")
    expect(row(desk, "Keynote")).to_contain_text("Running")

    # What follows the # stays in the browser.
    sent = [url.partition("#")[0] for url in asked]
    assert any("/start" in url for url in sent)
    assert any("/socket.io/" in url for url in sent)
    assert len(token) > 100
    assert [url for url in sent if token in url or "eyJ" in url] == []


def test_a_room_is_forgotten_after_a_dialog(stage_server, person_at):
    home = person_at(stage_server).open("/")
    for name in ("Main stage", "Side stage"):
        create_room(home, name)
        home.reload()
    expect(home.get_by_role("link", name="Operate")).to_have_count(2)
    forget = home.get_by_role("button", name="Forget Side stage in this browser")

    forget.click()
    home.keyboard.press("Escape")
    expect(home.get_by_role("link", name="Operate")).to_have_count(2)
    forget.click()
    home.get_by_role("button", name="Forget it").click()
    expect(home.get_by_role("link", name="Operate")).to_have_count(1)
    expect(forget).to_have_count(0)


def timers_of(stage):
    return stage.api.state(stage.room.share_token)["timers"]


def titles_of(stage):
    return [timer["title"] for timer in timers_of(stage)]


def state_of(stage, timer):
    return next(one for one in timers_of(stage) if one["id"] == timer["id"])
