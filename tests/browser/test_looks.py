"""How the pages look: whatever a title holds, on every screen, for every reader."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.show import (
    add_timer,
    create_room,
    digits_shown,
    expect_phase,
    expect_title,
    press,
    row,
)
from tests.support.environment import ROOT

SIZES = {"phone": (390, 844), "laptop": (1366, 768), "4k": (3840, 2160)}
AXE = ROOT / "app/web/frontend/node_modules/axe-core/axe.min.js"
TITLES = {
    "script": "<script>document.title='owned'</script><img src=x onerror=alert(1)>",
    "rtl": "مرحبا بكم في المؤتمر السنوي",
    "emoji": "🎤👩‍🚀🏳️‍🌈 Opening 🎉",
    "long": "A title of two hundred characters ".ljust(200, "x"),
    "unbroken": "W" * 200,
}
# Elements whose content is wider than themselves, and the page if it scrolls sideways.
OVERFLOWING = """() => {
  const wide = [];
  const visit = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) visit(element.shadowRoot);
      const box = element.getBoundingClientRect();
      const hidden = element.closest('.said, dialog:not([open])');
      if (!hidden && box.width && box.right > innerWidth + 1)
        wide.push(`${element.localName}.${element.className}`);
    }
  };
  visit(document);
  if (document.documentElement.scrollWidth > innerWidth) wide.push('the page');
  return wide;
}"""


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_whatever_a_title_holds_is_text_and_fits(stage, person_at, title):
    add_timer(stage.desk, title, "5", message=title)
    press(stage.desk, "start", title)
    screen = person_at(stage.server).open(stage.viewer_path)
    expect_title(screen, title)

    for page in (screen, stage.desk):
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(OVERFLOWING) == []
        assert page.title() != "owned"
    assert_inside(screen, "live-stage .foot")


def assert_inside(screen, selector):
    box = screen.locator(selector).bounding_box()
    size = screen.viewport_size
    assert box["y"] + box["height"] <= size["height"] + 1


@pytest.mark.parametrize("name", SIZES)
def test_pictures_are_taken_of_every_page(stage, person_at, screenshots, name):
    width, height = SIZES[name]
    viewport = {"width": width, "height": height}
    person = person_at(stage.server, viewport=viewport)
    for title, length in (("Opening keynote", "20:00"), ("Panel", "1:30")):
        add_timer(stage.desk, title, length, "Thank you")
    press(stage.desk, "start", "Opening keynote")
    home = person.open("/")
    create_room(home, "Main stage")
    screen = person.open(stage.viewer_path)
    stage.desk.set_viewport_size(viewport)

    expect_phase(screen, "Running")
    digits = screen.locator("live-digits").bounding_box()
    assert digits["width"] > 0.85 * width
    screen.screenshot(path=screenshots / f"viewer-{name}.png")
    stage.desk.screenshot(path=screenshots / f"operator-{name}.png")
    home.screenshot(path=screenshots / f"home-{name}.png")
    press(stage.desk, "start", "Panel")
    expect_phase(screen, "Wrap up soon")
    screen.screenshot(path=screenshots / f"viewer-warning-{name}.png")


def test_digits_keep_their_places_while_they_change(stage, person_at):
    screen = person_at(stage.server).open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "9:59")
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Running")
    seen = {}
    for _ in range(3):
        places = [
            text.get_attribute("x") for text in screen.locator("live-stage text").all()
        ]
        seen[digits_shown(screen)] = places
        screen.wait_for_timeout(700)

    assert len(seen) > 1
    assert len({tuple(places) for places in seen.values()}) == 1


def test_nothing_keeps_anyone_from_using_the_pages(stage, person_at):
    person = person_at(stage.server, bypass_csp=True)
    home = person.open("/")
    create_room(home)
    assert_accessible(home)

    path = f"{stage.viewer_path}/operate#token={stage.room.admin_token}"
    desk = person.open(path)
    desk.get_by_role("button", name="+ Add a timer").wait_for()
    assert_accessible(desk)
    for title in ("First", "Second"):
        add_timer(desk, title, "0:01")
    press(desk, "start", "First")
    expect(row(desk, "First")).to_contain_text("Over time")
    desk.get_by_role("button", name="Make a link for operators").click()
    desk.get_by_label("Link for operators").first.wait_for()
    assert_accessible(desk)
    press(desk, "edit", "Second")
    assert_accessible(desk)

    screen = person.open(stage.viewer_path)
    expect_phase(screen, "Over time")
    assert_accessible(screen)


def assert_accessible(page):
    page.add_script_tag(path=AXE)
    found = page.evaluate(
        "() => axe.run(document, { runOnly:"
        " ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })"
    )
    said = [
        f"{violation['id']}: {violation['help']}: {node['html']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
    assert said == [], page.url


def test_the_query_makes_it_a_layer_over_a_picture(stage, person_at):
    add_timer(stage.desk, "Keynote")
    press(stage.desk, "start", "Keynote")
    path = f"{stage.viewer_path}?transparent=1&hide=title,next,room,phase&mirror=1"
    screen = person_at(stage.server).open(path)

    expect(screen.locator("live-digits")).to_be_visible()
    for part in ("h1", ".next", ".room", ".phase"):
        expect(screen.locator(f"live-stage {part}")).to_have_count(0)
    see_through = "rgba(0, 0, 0, 0)"
    for selector in ("html", "body", "live-stage"):
        expect(screen.locator(selector)).to_have_css("background-color", see_through)
    expect(screen.locator("live-stage .frame")).to_have_css(
        "transform", re.compile(r"matrix\(-1,")
    )


def test_the_key_f_fills_the_screen(stage, person_at):
    screen = person_at(stage.server).open(stage.viewer_path)
    expect(screen.locator("live-stage")).to_contain_text("Main stage")

    screen.keyboard.press("f")
    screen.wait_for_function("() => document.fullscreenElement !== null")
    screen.keyboard.press("f")
    screen.wait_for_function("() => document.fullscreenElement === null")


def test_a_german_browser_reads_german(stage, person_at):
    add_timer(stage.desk, "Keynote")
    press(stage.desk, "start", "Keynote")
    screen = person_at(stage.server, locale="de-DE").open(stage.viewer_path)

    expect_phase(screen, "Läuft")
    expect(screen.locator("html")).to_have_attribute("lang", "de")


def test_other_pages_may_use_the_client_alone(stage, person_at):
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    address = f"/static/build/example.html#{stage.room.share_token}"
    page = person_at(stage.server).open(address)

    expect(page.locator("#title")).to_have_text("Keynote")
    expect(page.locator("#digits")).to_have_text(re.compile(r"^4:5\d$|^5:00$"))


def test_other_pages_may_show_a_room_with_one_element(stage, person_at):
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    page = person_at(stage.server).open("/api/docs")
    page.evaluate(
        """async (room) => {
          await import('/static/build/live-timer.js');
          const element = document.createElement('live-timer');
          element.setAttribute('room', room);
          element.setAttribute('hide', 'next');
          document.body.replaceChildren(element);
        }""",
        stage.room.share_token,
    )

    expect_title(page, "Keynote")
    expect(page.locator("live-timer .next")).to_have_count(0)
