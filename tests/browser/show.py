"""What a person does on the pages, and sees there."""

import re

from playwright.sync_api import Locator, Page, expect

DIGITS = "live-stage live-digits svg"


def create_room(home: Page, name: str = "Main stage") -> tuple[str, str]:
    """Create a room on the home page; return the viewers' and the operators' link."""
    home.get_by_label("Name of the room").fill(name)
    home.get_by_role("button", name="Create a room").click()
    viewers = home.get_by_label("Link for viewers").first
    expect(viewers).to_have_value(re.compile("/r/"))
    return viewers.input_value(), home.get_by_label(
        "Link for operators"
    ).first.input_value()


def add_timer(desk: Page, title: str, length: str = "5:00", message: str = "") -> None:
    """Add a timer to the running order."""
    desk.get_by_role("button", name="+ Add a timer").click()
    form = desk.locator("live-timer-form dialog")
    form.get_by_label("Title").fill(title)
    form.get_by_label("Length").fill(length)
    form.get_by_label("Message at zero").fill(message)
    form.get_by_role("button", name="Save").click()
    expect(row(desk, title)).to_be_visible()


def row(desk: Page, title: str) -> Locator:
    """Return the timer's row in the running order."""
    return desk.locator("live-timer-row").filter(
        has=desk.get_by_role("heading", name=title, exact=True)
    )


def press(desk: Page, action: str, title: str) -> None:
    """Press one of the buttons of the timer's row."""
    row(desk, title).locator(f"[data-action={action}]").click()


def expect_title(screen: Page, title: str) -> None:
    """Wait until the screen shows the timer."""
    expect(screen.locator("live-stage h1")).to_have_text(title)


def expect_phase(screen: Page, words: str) -> None:
    """Wait until the screen says how the timer stands."""
    expect(screen.locator("live-stage .phase")).to_contain_text(words)


def seconds_shown(screen: Page) -> int:
    """Return what the digits say, in seconds; overtime is negative."""
    text = digits_shown(screen)
    total = 0
    for part in text.lstrip("+").split(":"):
        total = total * 60 + int(part)
    return -total if text.startswith("+") else total


def digits_shown(screen: Page) -> str:
    """Return the digits as they stand on the screen."""
    return "".join(screen.locator(DIGITS).text_content().split())


def timer_of(show):
    """Return the only timer of the show's room, as the server has it."""
    [timer] = show.api.state(show.room.share_token)["timers"]
    return timer
