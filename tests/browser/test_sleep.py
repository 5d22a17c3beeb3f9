"""Screens that are hidden, sleep, and wake."""

import math
from collections.abc import Iterator

import pytest

from app.clock import now
from tests.browser.show import add_timer, press, timer_of
from tests.browser.tab import Tab
from tests.support.waiting import wait_until

ASLEEP_MS = 5_000
# What the estimate of the server's clock may be wrong by, on a busy machine: less than
# the screen would be, if it showed first what it showed when it fell asleep.
CLOCK_MS = 2_000
STAGE = "document.querySelector('live-stage')?.shadowRoot"
DIGITS = f"{STAGE}?.querySelector('live-digits')?.value"
PHASE = f"{STAGE}?.querySelector('.phase')?.textContent"
# In the frame after the stage's own: its request is the older one.
FIRST_FRAME = f"""document.addEventListener('visibilitychange', () => {{
  if (document.visibilityState !== 'visible') return;
  requestAnimationFrame(() => {{
    window.firstFrame = {{ at: Date.now(), digits: {DIGITS}, phase: {PHASE} }};
  }});
}})"""
LOCKS = """window.locks = [];
const ask = navigator.wakeLock.request.bind(navigator.wakeLock);
navigator.wakeLock.request = async (kind) => {
  const lock = await ask(kind);
  locks.push(lock);
  return lock;
}"""
HELD = "locks.filter(({ type, released }) => type === 'screen' && !released).length"


@pytest.fixture
def tab(chromium) -> Iterator[Tab]:
    with Tab(chromium.browser) as tab:
        yield tab


def test_a_tab_that_slept_shows_the_right_time_in_its_first_frame(stage, tab):
    ends_at = start(stage)
    tab.open(stage.server.base_url + stage.viewer_path)
    tab.wait_for(f"{PHASE}?.includes('Running')")
    tab.evaluate(FIRST_FRAME)

    sleep(tab)
    tab.show()

    frame = tab.wait_for("window.firstFrame")
    assert frame["digits"] in shown_between(
        ends_at - frame["at"] - CLOCK_MS, ends_at - frame["at"] + CLOCK_MS
    )
    assert "Running" in frame["phase"]


def test_a_tab_that_slept_learns_what_it_missed(stage, tab):
    start(stage)
    tab.open(stage.server.base_url + stage.viewer_path)
    tab.wait_for(f"{PHASE}?.includes('Running')")

    tab.hide()
    press(stage.desk, "pause", "Keynote")
    wait_until(lambda: timer_of(stage)["status"] == "paused")
    tab.show()

    tab.wait_for(f"{PHASE}?.includes('Paused')")
    remaining = timer_of(stage)["remaining"]
    tab.wait_for(f"{DIGITS} === '{shown_between(remaining, remaining)[0]}'")


def test_the_device_is_kept_awake_and_again_after_it_was_away(stage, tab):
    tab.open(stage.server.base_url + stage.viewer_path, first=LOCKS)
    tab.wait_for(f"{HELD} === 1")

    tab.hide()
    tab.wait_for("document.visibilityState === 'hidden'")
    tab.wait_for(f"{HELD} === 0")
    tab.show()

    tab.wait_for(f"{HELD} === 1")
    assert tab.evaluate("locks.length") == 2


def start(stage):
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    wait_until(lambda: timer_of(stage)["status"] == "running")
    return timer_of(stage)["endsAt"]


def sleep(tab):
    tab.hide()
    seen = {}

    def digits_stood_still():
        since = seen.setdefault(tab.evaluate(DIGITS), now())
        return now() - since > ASLEEP_MS

    wait_until(digits_stood_still, "it sleeps")


def shown_between(least, most):
    """The digits for `least` to `most` milliseconds."""
    seconds = range(math.ceil(least / 1000), math.ceil(most / 1000) + 1)
    return [f"{second // 60}:{second % 60:02}" for second in seconds]
