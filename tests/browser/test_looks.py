"""How the pages look: whatever a title holds, on every screen, for every reader."""

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
THUMB = 44  # CSS pixels, as WCAG's stricter level asks
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
    stage.api.update_room(stage.room, name=title[:100])
    add_timer(stage.desk, title, "0:01", message=title)
    press(stage.desk, "start", title)
    viewer = person_at(stage.server)
    screen = viewer.open(stage.viewer_path)
    expect_title(screen, title)
    expect(screen.locator("live-stage .message")).to_have_text(title)
    home = viewer.open("/")
    create_room(home, title[:100])

    for page in (screen, stage.desk, home):
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
    desk = stage.desk
    lengths = {
        "Opening keynote": "20:00",
        "Panel": "1:30",
        "Coffee": "0:25",
        "End": "0:01",
    }
    for title, length in lengths.items():
        add_timer(desk, title, length, "Thank you")
    screen = person.open(stage.viewer_path)
    desk.set_viewport_size(viewport)

    def take(page, what):
        page.screenshot(path=screenshots / f"{what}-{name}.png")

    expect(screen.locator("live-stage")).to_contain_text("Waiting for the first timer")
    take(screen, "viewer-waiting")
    press(desk, "show", "Opening keynote")
    expect_phase(screen, "Not started")
    take(screen, "viewer-idle")
    press(desk, "start", "Opening keynote")
    expect_phase(screen, "Running")
    digits = screen.locator("live-digits").bounding_box()
    assert digits["width"] > 0.85 * width
    take(screen, "viewer")
    take(desk, "operator")
    press(desk, "pause", "Opening keynote")
    expect_phase(screen, "Paused")
    take(screen, "viewer-paused")
    for title, phase, what in (
        ("Panel", "Wrap up soon", "viewer-warning"),
        ("Coffee", "Last seconds", "viewer-critical"),
        ("End", "Over time", "viewer-over"),
    ):
        press(desk, "start", title)
        expect_phase(screen, phase)
        take(screen, what)
    home = person.open("/")
    create_room(home, "Main stage")
    take(home, "home")


def test_thumbs_hit_the_desks_buttons(stage):
    add_timer(stage.desk, "Keynote")
    stage.desk.set_viewport_size({"width": 390, "height": 844})
    buttons = stage.desk.locator("button:visible, a.button:visible").all()

    boxes = [button.bounding_box() for button in buttons]
    assert len(boxes) > 10
    assert min(min(box["width"], box["height"]) for box in boxes) >= THUMB


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
    desk.keyboard.press("Escape")
    desk.get_by_role("button", name="History").click()
    expect(desk.get_by_role("listitem").filter(has_text="time up")).to_be_visible()
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
