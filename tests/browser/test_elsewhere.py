"""Other people's pages: the client alone, and the custom element."""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.show import add_timer, expect_phase, expect_title, press
from tests.support.browser import FAILED_REQUESTS
from tests.support.environment import ROOT

EXAMPLE = ROOT / "app/web/frontend/example/example.js"


def test_other_pages_may_use_the_client_alone(stage, person_at):
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    address = f"/static/build/example.html#{stage.room.share_token}"
    page = person_at(stage.server).open(address)

    expect(page.locator("#title")).to_have_text("Keynote")
    expect(page.locator("#digits")).to_have_text(re.compile(r"^4:\d\d$|^5:00$"))


def test_the_example_is_one_to_copy():
    lines = EXAMPLE.read_text().splitlines()

    assert len(lines) <= 20
    assert [
        line for line in lines if "import" in line and "live-timer-client" not in line
    ] == []


class Site(ThreadingHTTPServer):
    """Somebody else's site with one page."""

    def __init__(self):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(self.server.page.encode())

            def log_message(self, *_):
                pass

        self.page = ""
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def base_url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


@pytest.fixture
def site():
    with Site() as site:
        yield site


@pytest.mark.parametrize("hidden", ["", "next"])
def test_a_page_of_another_origin_shows_a_room_with_one_element(
    site, server_factory, show_at, person_at, hidden
):
    server = server_factory(embedded=True, cors_origin=site.base_url)
    stage = show_at(server)
    add_timer(stage.desk, "Keynote", "5")
    press(stage.desk, "start", "Keynote")
    site.page = f"""<!doctype html><title>A conference</title>
      <link rel="icon" href="data:,">
      <script type="module" src="{server.base_url}/static/build/live-timer.js"></script>
      <live-timer room="{stage.room.share_token}" hide="{hidden}"></live-timer>"""
    page = person_at(site).open("/")

    expect_title(page, "Keynote")
    expect(page.locator("live-timer .next")).to_have_count(0 if hidden else 1)
    press(stage.desk, "pause", "Keynote")
    expect_phase(page, "Paused")
    expect(page.locator("live-timer .status")).to_have_text("")


def test_a_page_of_an_origin_that_is_not_let_in_shows_nothing(
    site, server_factory, show_at, person_at
):
    server = server_factory(embedded=True, cors_origin="https://other.example")
    stage = show_at(server)
    site.page = f"""<!doctype html><title>A stranger</title>
      <link rel="icon" href="data:,">
      <script type="module" src="{server.base_url}/static/build/live-timer.js"></script>
      <live-timer room="{stage.room.share_token}"></live-timer>"""
    stranger = person_at(site)
    page = stranger.open("/")

    expect(page.locator("live-stage")).to_contain_text("asking again")
    assert any("CORS" in complaint for complaint in stranger.complaints)
    stranger.expect_complaints("CORS", *FAILED_REQUESTS)
