"""The pages behind the nginx of `deploy/`, over HTTP and HTTPS."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.show import (
    add_timer,
    create_room,
    expect_phase,
    expect_title,
    press,
    row,
)
from tests.support.browser import FAILED_REQUESTS, Person
from tests.support.server import Server
from tests.unit.ops.edge import Edge, TlsEdge, one_machine

WORKERS = 2
# A proxy on the way that lets no WebSocket through.
BLOCKED = """window.WebSocket = class extends WebSocket {
  constructor(url) { super(url.replace('/socket.io/', '/blocked/')); }
}"""


@dataclass
class Front:
    """Where browsers find the server."""

    server: Server
    base_url: str


@pytest.fixture(params=["http", "https"])
def front(
    server_factory: Callable[..., Server], request: pytest.FixtureRequest
) -> Iterator[Front]:
    """Two workers with production's settings and limits, and nginx before them."""
    server = server_factory(
        workers=WORKERS,
        app_env="production",
        allow_anonymous_rooms=True,
        rate_limit_enabled=True,
        trusted_proxies=1,
    )
    server.wait_for_workers(WORKERS)
    machine = one_machine(f"127.0.0.1:{server.port}")
    if request.param == "http":
        with Edge(machine) as nginx:
            yield Front(server, nginx.url)
    else:
        with TlsEdge(machine) as nginx:
            yield Front(server, f"https://localhost:{nginx.tls_port}")


@pytest.fixture
def visitor(front: Front, person_at: Callable[..., Person]) -> Callable[[], Person]:
    """Gives somebody a browser in front of nginx."""
    return lambda: person_at(front, ignore_https_errors=True)


def test_desk_and_viewers_work_through_nginx(visitor):
    owner, quick, blocked = visitor(), visitor(), visitor()
    desk = owner.open("/")
    viewers_link, operators_link = create_room(desk)
    desk.get_by_role("link", name="Operate").first.click()
    add_timer(desk, "Keynote", "20:00")
    blocked.context.add_init_script(BLOCKED)
    screen = quick.context.new_page()
    with screen.expect_websocket() as socket:
        screen.goto(viewers_link)
    screens = [screen, blocked.open(viewers_link)]

    press(desk, "start", "Keynote")
    for screen in screens:
        expect_title(screen, "Keynote")
        expect_phase(screen, "Running")
    second = visitor().open(operators_link)
    press(second, "pause", "Keynote")
    for screen in screens:
        expect_phase(screen, "Paused")
        # Neither of them had to ask for the state by itself.
        expect(screen.locator("live-stage .status")).to_have_text("")
    expect(row(desk, "Keynote")).to_contain_text("Paused")
    expect(desk.locator(".viewers")).to_have_text("4 watching")
    assert not socket.value.is_closed()
    blocked.expect_complaints("WebSocket")


def test_a_restart_behind_nginx_is_survived(front, visitor):
    owner, hall = visitor(), visitor()
    desk = owner.open("/")
    viewers_link, _ = create_room(desk)
    desk.get_by_role("link", name="Operate").first.click()
    add_timer(desk, "Keynote", "20:00")
    press(desk, "start", "Keynote")
    screen = hall.open(viewers_link)
    expect_phase(screen, "Running")

    front.server.stop()
    press(desk, "pause", "Keynote")
    failure = desk.locator(".failure")
    expect(failure).to_contain_text("The server is away")
    expect(screen.locator("live-stage .status")).to_contain_text("Unconfirmed for")
    front.server.start()
    failure.get_by_role("button", name="Try again").click()

    expect_phase(screen, "Paused")
    expect(screen.locator("live-stage .status")).to_have_text("")
    owner.expect_complaints(*FAILED_REQUESTS)
    hall.expect_complaints(*FAILED_REQUESTS)
