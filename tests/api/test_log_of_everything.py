"""What the log holds of all that the API can do, and what it must not."""

import uuid

import pytest
from sqlalchemy import text

from app.extensions import db
from tests.api.people import claims_of, operator_of
from tests.api.test_bounded_answers import LAST, commands

# One row each; those of tokens are no room's business.
NO_ROWS = {"auth.refresh", "auth.revoke"}
OF_NEW_ROOMS = {"rooms.create_room"}
BODIES = {
    "rooms.create_room": {"name": "Another"},
    "rooms.update_room": {"name": "Renamed"},
    "timers.create_timer": {"title": "Another", "duration": 60_000},
    "timers.update_timer": {"title": "Renamed"},
    "rooms.undo": {},
}
# A pause is of what runs, so that a start comes before it; a reset after it, which can
# be undone.
EARLY = [
    "timers.start_timer",
    "timers.pause_timer",
    "timers.reset_timer",
    "rooms.undo",
]


def rows(app):
    with app.app_context():
        found = db.session.execute(
            text("SELECT * FROM room_revisions ORDER BY at, revision")
        )
        return [dict(row) for row in found.mappings()]


def in_turn(app):
    found = commands(app)
    early = [each for name in EARLY for each in found if each[0] == name]
    return early + [each for each in found if each not in early]


class Everything:
    """Sends every command that the API has, and gathers what it answers."""

    def __init__(self, app, api, room):
        self.app = app
        self.api = api
        self.room = room
        timers = [api.create_timer(room) for _ in range(3)]
        self.ids = [timer["id"] for timer in timers]

    def send(self, endpoint, method, rule, headers=None):
        path = rule.replace("<uuid:", "{").replace(">", "}")
        path = path.format(room_id=self.room.id, timer_id=self.ids[0])
        body = BODIES.get(endpoint)
        if endpoint == "timers.reorder_timers":
            self.ids = self.in_order()[::-1]
            body = {"timerIds": self.ids}
        token = self.room.admin_token
        if endpoint == "auth.refresh":
            token = self.room.refresh_token
        answer = self.api.request(method, path, body, token, headers)
        assert answer.ok, (endpoint, answer.text)
        return answer

    def in_order(self):
        with self.app.app_context():
            found = db.session.execute(
                text("SELECT CAST(id AS text) FROM timers ORDER BY position")
            )
            return [str(uuid.UUID(timer_id)) for (timer_id,) in found]


def test_every_route_that_changes_something_leaves_one_row(app, api, room):
    everything = Everything(app, api, room)
    left = {}

    for endpoint, method, rule in in_turn(app):
        before = len(rows(app))
        everything.send(endpoint, method, rule)
        left[endpoint] = len(rows(app)) - before

    assert left == {endpoint: int(endpoint not in NO_ROWS) for endpoint in left}
    assert set(LAST) | set(EARLY) | BODIES.keys() <= left.keys()
    last = rows(app)[-1]
    assert (last["command"], last["actor"]) == (
        "delete-room",
        f"owner:{claims_of(room.admin_token)['sub']}",
    )


def test_a_repetition_of_an_answer_that_was_kept_leaves_no_row(app, api, room):
    everything = Everything(app, api, room)
    for endpoint, method, rule in in_turn(app):
        if endpoint in LAST or endpoint == "rooms.issue_operator_token":
            continue
        headers = {"Idempotency-Key": f"a-key-of-its-own-{endpoint}"}
        first = everything.send(endpoint, method, rule, headers)
        before = len(rows(app))
        if endpoint != "timers.reorder_timers":
            again = everything.send(endpoint, method, rule, headers)
            assert again.text == first.text
        assert len(rows(app)) == before, endpoint


def test_what_changes_nothing_or_is_refused_leaves_no_row(app, api, room, timer):
    api.start(room, timer)
    token = room.admin_token
    paths = {"room": f"/api/rooms/{room.id}", "timer": f"/api/timers/{timer['id']}"}
    nothing = [
        ("PUT", "{room}", {}, 200),
        ("PUT", "{room}", {"name": "Main stage"}, 200),
        ("PUT", "{room}", {"currentTimerId": timer["id"]}, 200),
        ("PUT", "{timer}", {"title": "Opening"}, 200),
        ("POST", "{timer}/start", None, 200),
        ("POST", "{room}/timers/reorder", {"timerIds": [timer["id"]]}, 200),
        ("PUT", "{timer}", {"duration": 5_000}, 409),
        ("PUT", "{room}", {"currentTimerId": room.id}, 422),
        ("POST", "{room}/timers/reorder", {"timerIds": []}, 422),
    ]
    before = len(rows(app))

    for method, path, body, status in nothing:
        answer = api.request(method, path.format(**paths), body, token)
        assert answer.status == status, (path, answer.text)
    stale = {"If-Match": "1"}
    assert api.request("DELETE", paths["timer"], None, token, stale).status == 412
    assert api.request("DELETE", paths["room"], None, None).status == 401

    assert len(rows(app)) == before


def test_tokens_secrets_and_owners_are_not_in_the_log(app, api, room):
    everything = Everything(app, api, room)
    operator = operator_of(api, room)
    secrets = {room.share_token, room.admin_token, room.refresh_token, operator}
    told = []
    for endpoint, method, rule in in_turn(app):
        if endpoint == "rooms.delete_room":
            base = f"/api/rooms/{room.id}/revisions"
            told = [
                api.request("GET", path, token=room.admin_token).text
                for path in (base, f"{base}.ndjson")
            ]
        answer = everything.send(endpoint, method, rule)
        if answer.text:
            secrets |= {
                value
                for name, value in answer.json.items()
                if name.lower().endswith("token")
            }
    signatures = {each.rpartition(".")[2] for each in secrets}
    secrets |= signatures | {app.extensions["settings"].jwt_secret}
    owner = claims_of(room.admin_token)["sub"]
    kept = rows(app)

    assert len(secrets) > 8
    assert len(kept) > 10
    assert all(timer in each for each in told for timer in everything.ids)
    for secret in secrets:
        assert secret not in repr(kept)
        assert not any(secret in each for each in told)
    # The owner is who acts, and nothing else; on the wire not even that.
    assert all(owner not in repr(row["changes"]) for row in kept)
    assert not any(owner in each for each in told)


FAIL = {
    "postgresql": """
        CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_terminate_backend(pg_backend_pid());
            PERFORM pg_sleep(5);
            RETURN NULL;
        END $$;
        CREATE TRIGGER fail AFTER INSERT ON {table}
            FOR EACH ROW EXECUTE FUNCTION fail()
    """,
    "sqlite": """
        CREATE TRIGGER fail AFTER INSERT ON {table}
            BEGIN SELECT RAISE(FAIL, 'the end'); END
    """,
}


@pytest.mark.parametrize("table", ["room_revisions", "timers"])
def test_a_database_that_fails_in_between_keeps_neither_the_change_nor_its_row(
    app, api, room, table
):
    with app.app_context():
        fail = FAIL[db.engine.dialect.name].format(table=table)
        connection = db.session.connection().connection.cursor()
        connection.execute(fail)
        db.session.commit()
    before, state = rows(app), api.state(room.share_token)["revision"]
    body = {"title": "Lost", "duration": 60_000}

    path = f"/api/rooms/{room.id}/timers"
    assert api.request("POST", path, body, room.admin_token).status >= 500

    assert rows(app) == before
    found = api.state(room.share_token)
    assert (found["revision"], found["timers"]) == (state, [])
