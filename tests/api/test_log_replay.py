"""The state at creation plus all changes of the log is the state now."""

import json
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.extensions import db
from app.rooms.command import COMMAND_LINE
from tests.support.moved_clock import MovedClock
from tests.support.replay import replayed, told


@pytest.fixture
def moved_clock(database, monkeypatch):
    return MovedClock(database, monkeypatch)


@pytest.fixture
def api(moved_clock, api):
    # The clock is there before the application connects.
    return api


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
PLACES = st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("create"), st.integers(1_000, 4_000), TEXTS),
    st.tuples(st.just("edit"), PLACES, TEXTS),
    st.tuples(st.just("resize"), PLACES, st.integers(1_000, 4_000)),
    st.tuples(st.just("delete"), PLACES),
    st.tuples(st.sampled_from(["start", "start", "pause", "reset"]), PLACES),
    st.tuples(st.just("reorder"), st.randoms(use_true_random=False)),
    st.tuples(st.just("choose"), st.none() | PLACES),
    st.tuples(st.just("rename"), TEXTS),
    st.tuples(st.sampled_from(["replace_link", "issue_token"])),
    st.just(("lift",)),
    st.tuples(st.just("wait"), st.integers(500, 3_000)),
    st.just(("finish",)),
)


class Show:
    """A room that steps are done to; those that are refused change nothing."""

    def __init__(self, app, api, moved_clock, room):
        self.app = app
        self.changes = app.extensions["changes"]
        self.api = api
        self.clock = moved_clock
        self.room = room
        self.path = f"/api/rooms/{room.id}"
        self.timers = []

    def send(self, method, path, body=None):
        answer = self.api.request(method, path, body, self.room.admin_token)
        assert answer.status in (200, 201, 204, 409, 422), answer.text
        return answer

    def do(self, step):
        kind, *arguments = step
        if kind in ("start", "pause", "reset", "delete", "edit", "resize"):
            if self.timers:
                self.do_to(self.one(arguments[0]), kind, *arguments[1:])
        else:
            getattr(self, kind)(*arguments)

    def create(self, duration, title):
        body = {"title": f"T{title}"[:200], "duration": duration}
        self.timers.append(self.send("POST", f"{self.path}/timers", body).json["id"])

    def reorder(self, random):
        random.shuffle(self.timers)
        body = {"timerIds": self.timers}
        self.send("POST", f"{self.path}/timers/reorder", body)

    def choose(self, place):
        chosen = None if place is None else self.one(place)
        self.send("PUT", self.path, {"currentTimerId": chosen})

    def rename(self, name):
        self.send("PUT", self.path, {"name": name[:100]})

    def replace_link(self):
        self.send("POST", f"{self.path}/share-token")

    def issue_token(self):
        self.send("POST", f"{self.path}/tokens")

    def lift(self):
        self.changes.lift(uuid.UUID(self.room.id), COMMAND_LINE)

    def wait(self, milliseconds):
        self.clock.move(milliseconds)

    def finish(self):
        self.changes.finish_due(20, "finisher")

    def one(self, place):
        return self.timers[place % len(self.timers)] if self.timers else None

    def do_to(self, timer, kind, *arguments):
        path = f"/api/timers/{timer}"
        if kind == "delete":
            self.timers.remove(timer)
            self.send("DELETE", path)
        elif kind == "edit":
            self.send("PUT", path, {"description": arguments[0]})
        elif kind == "resize":
            self.send("PUT", path, {"duration": arguments[0]})
        else:
            self.send("POST", f"{path}/{kind}")

    def log(self):
        answer = self.send("GET", f"{self.path}/revisions.ndjson")
        return [json.loads(line) for line in answer.text.split("\n")[:-1]]

    def state(self):
        with self.app.app_context():
            find = text("SELECT share_token FROM rooms WHERE id = :id")
            room_id = uuid.UUID(self.room.id)
            stored = room_id.hex if db.engine.dialect.name == "sqlite" else room_id
            token = db.session.execute(find, {"id": str(stored)}).scalar_one()
        return self.api.state(token)


def test_all_changes_since_the_creation_make_the_state_that_is_now(
    app, api, moved_clock
):
    owner = api.create_room().admin_token

    @settings(
        max_examples=40,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(steps=st.lists(STEPS, max_size=20))
    def check(steps):
        show = Show(app, api, moved_clock, api.create_room(token=owner))
        for step in steps:
            show.do(step)

        entries = show.log()
        state = show.state()
        assert replayed(entries) == told(state)
        numbers = [entry["revision"] for entry in entries]
        assert numbers == sorted(set(numbers))
        assert numbers[-1] == state["revision"]

    check()


def finishes(show):
    return [
        (entry["actor"], entry["noticedBy"], *entry["changes"]["timers"])
        for entry in show.log()
        if entry["command"] == "finish"
    ]


def test_a_finish_is_a_row_that_names_what_noticed_it(app, api, moved_clock):
    show = Show(app, api, moved_clock, api.create_room())
    for _ in range(3):
        show.do(("create", 1_000, ""))
    first, second, third = show.timers
    for timer in show.timers[:2]:
        show.do_to(timer, "start")
        moved_clock.move(10)

    moved_clock.move(2_000)
    show.do(("finish",))
    assert finishes(show) == [
        ("clock", "finisher", first),
        ("clock", "finisher", second),
    ]

    show.do_to(third, "start")
    moved_clock.move(2_000)
    # Refused, for it is over; that it is stays written.
    assert show.send("POST", f"/api/timers/{third}/pause").status == 409
    assert finishes(show)[-1] == ("clock", "pause-timer", third)
    assert replayed(show.log()) == told(show.state())


def test_after_a_deletion_nothing_is_left_by_the_log(app, api, moved_clock):
    show = Show(app, api, moved_clock, api.create_room())
    show.do(("create", 1_000, ""))
    api.delete_room(show.room)

    printed = app.test_cli_runner().invoke(args=["room", "log", show.room.id]).stdout
    assert replayed(map(json.loads, printed.split("\n")[:-1])) == (None, {})
