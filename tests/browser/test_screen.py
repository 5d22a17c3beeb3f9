"""What a viewer's screen tells, and how it may be told to."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.show import (
    add_timer,
    digits_shown,
    expect_phase,
    expect_title,
    press,
)
from tests.support.waiting import wait_until

PHASES = {
    "normal": ("3:00", "Running"),
    "warning": ("2:00", "Wrap up soon"),
    "critical": ("0:30", "Last seconds"),
    "over": ("0:01", "Over time"),
}
PARTS = {
    "room": ".room",
    "title": "h1",
    "phase": ".phase",
    "message": ".message",
    "progress": ".bar",
    "next": ".next",
    "status": ".status",
}


def test_the_screen_tells_what_runs_how_far_and_what_comes_next(stage, person_at):
    screen = person_at(stage.server).open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "0:01")
    add_timer(stage.desk, "Panel", "10")
    press(stage.desk, "show", "Keynote")

    expect_title(screen, "Keynote")
    expect(screen.locator(".room")).to_have_text("Main stage")
    expect(screen.locator(".next")).to_have_text("Next: Panel · 10:00")
    assert filled(screen) == 0
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Over time")
    wait_until(lambda: filled(screen) == 1)
    press(stage.desk, "show", "Panel")
    expect(screen.locator(".next")).to_have_text("Last in the running order")


def filled(screen):
    scale = "(fill) => new DOMMatrix(getComputedStyle(fill).transform).a"
    return screen.locator(".fill").evaluate(scale)


def test_every_phase_has_its_own_words_sign_and_colour(stage, person_at):
    screen = person_at(stage.server).open(stage.viewer_path)
    seen = []
    for title, (length, words) in PHASES.items():
        add_timer(stage.desk, title, length)
        press(stage.desk, "start", title)
        expect_title(screen, title)
        expect_phase(screen, words)
        phase = screen.locator(".phase")
        sign = phase.locator("[aria-hidden]").text_content()
        colour = "(digits) => getComputedStyle(digits).color"
        seen.append((words, sign, screen.locator("live-digits").evaluate(colour)))

    for kind in zip(*seen, strict=True):
        assert len(set(kind)) == len(PHASES)


def test_the_digits_are_announced_sparingly(stage, person_at):
    screen = person_at(stage.server).open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Running")
    said = screen.locator("[aria-live=polite]")
    expect(said).to_contain_text("Keynote: Running")
    said.evaluate("""(said) => {
      window.announced = [];
      new MutationObserver(() => announced.push(said.textContent)).observe(
        said, { childList: true, characterData: true, subtree: true });
    }""")

    digits = set()
    wait_until(lambda: digits.add(digits_shown(screen)) or len(digits) > 3)
    expect(screen.get_by_role("timer")).to_have_attribute("aria-live", "off")
    press(stage.desk, "pause", "Keynote")
    expect(said).to_contain_text("Keynote: Paused")

    assert len(screen.evaluate("announced")) == 1


@pytest.mark.parametrize(
    ("wish", "moves"), [("no-preference", True), ("reduce", False)]
)
def test_nothing_moves_for_whoever_wants_no_motion(stage, person_at, wish, moves):
    screen = person_at(stage.server, reduced_motion=wish).open(stage.viewer_path)
    add_timer(stage.desk, "Keynote", "0:30")
    press(stage.desk, "start", "Keynote")
    expect_phase(screen, "Last seconds")

    playing = "(stage) => stage.shadowRoot.getAnimations().length > 0"
    wait_until(lambda: screen.locator("live-stage").evaluate(playing) == moves)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_can_be_left_out(stage, person_at, part):
    screen = person_at(stage.server).open(f"{stage.viewer_path}?hide={part}")
    add_timer(stage.desk, "Keynote", "0:01", "Thanks")
    press(stage.desk, "start", "Keynote")
    expect(screen.locator("live-stage .frame.over")).to_be_visible()

    shown = {name for name, css in PARTS.items() if screen.locator(css).count()}
    assert shown == set(PARTS) - {part}


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


def test_a_tap_fills_the_screen(stage, person_at):
    phone = person_at(stage.server, has_touch=True, is_mobile=True)
    screen = phone.open(stage.viewer_path)
    expect(screen.locator("live-stage")).to_contain_text("Main stage")

    screen.locator("live-stage").tap()
    screen.wait_for_function("() => document.fullscreenElement !== null")


def test_the_keys_can_be_switched_off(stage, person_at):
    screen = person_at(stage.server).open(f"{stage.viewer_path}?keys=0")
    expect(screen.locator("live-stage")).to_contain_text("Main stage")

    screen.keyboard.press("f")
    screen.locator("live-stage").click()
    screen.wait_for_function("() => document.fullscreenElement !== null")
