"""Who asks too often waits; a hall of viewers behind one address never does."""

import pytest

from app.auth.identity import owner_holder
from app.auth.service import issue_access_token, issue_refresh_token, standing_of
from tests.api.people import claims_of, operator_of
from tests.support.api import Api
from tests.support.senders import in_process

LIMITS = {
    "rate_limit_enabled": True,
    "rate_limit_max_requests": 4,
    "rate_limit_commands": "6 per minute",
    "rate_limit_rooms": "3 per minute",
}
pytestmark = [pytest.mark.database("sqlite"), pytest.mark.settings(**LIMITS)]


def statuses(api, times, method, path, **options):
    return [api.request(method, path, **options).status for _ in range(times)]


def test_rooms_are_created_so_often_from_an_address(api):
    answers = [api.request("POST", "/api/rooms", {"name": "R"}) for _ in range(4)]

    assert [answer.status for answer in answers] == [201, 201, 201, 429]
    refused = answers[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json["status"] == 429
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-limit"] == "3"
    assert refused.headers["ratelimit-remaining"] == "0"


def test_commands_are_counted_together_for_each_token(api, room, timer, foreign):
    start = f"/api/timers/{timer['id']}/start"
    reset = f"/api/timers/{timer['id']}/reset"
    # Creating the timer was the first.
    sent = statuses(api, 3, "POST", start, token=room.admin_token)
    sent += statuses(api, 3, "POST", reset, token=room.admin_token)

    assert sent == [200] * 5 + [429]
    assert api.create_timer(foreign)["status"] == "idle"


def test_everything_else_is_counted_by_the_global_limit(api, room, foreign):
    sent = statuses(api, 5, "GET", "/api/rooms", token=room.admin_token)

    assert sent == [200] * 4 + [429]
    assert api.request("GET", "/api/rooms", token=foreign.admin_token).status == 200


def test_what_says_how_often_is_there_before_it_is_too_often(api, room):
    answer = api.request("GET", "/api/rooms", token=room.admin_token)

    assert answer.headers["ratelimit-limit"] == "4"
    assert answer.headers["ratelimit-remaining"] == "3"
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("path", ["/api/rooms/{}", "/health", "/api/docs", "/metrics"])
def test_viewers_and_monitors_are_never_limited(api, room, path):
    sent = statuses(api, 40, "GET", path.format(room.share_token))

    assert set(sent) == {200}


def test_a_forged_token_is_no_caller_of_its_own(api):
    sent = [
        api.request("POST", "/api/rooms", {"name": "R"}, token=f"e30.e30.{number}")
        for number in range(5)
    ]

    assert sent[-1].status in (401, 429)
    assert statuses(api, 4, "POST", "/api/rooms", json={"name": "R"})[-1] == 429


def create_for(app, address):
    api = Api(in_process(app.test_client()))
    forwarded = {"X-Forwarded-For": address}
    return api.request("POST", "/api/rooms", {"name": "R"}, headers=forwarded).status


def test_a_caller_cannot_choose_its_address(app):
    assert [create_for(app, f"192.0.2.{n}") for n in range(4)][-1] == 429


@pytest.mark.settings(**LIMITS, trusted_proxies=1)
def test_a_trusted_proxy_says_whose_request_it_is(app):
    assert {create_for(app, f"192.0.2.{n}") for n in range(6)} == {201}
    assert [create_for(app, "203.0.113.7, 192.0.2.9") for _ in range(4)][-1] == 429


@pytest.mark.settings(**LIMITS, trusted_proxies=1)
def test_whoever_has_an_ipv6_network_is_one_caller(app):
    one_home = [create_for(app, f"2001:db8:7:1::{n:x}:1") for n in range(4)]
    assert one_home == [201, 201, 201, 429]
    assert create_for(app, "2001:db8:7:2::1") == 201


@pytest.mark.settings(**LIMITS, trusted_proxies=1)
def test_an_ipv4_address_is_the_same_caller_written_as_an_ipv6_one(app):
    assert {create_for(app, f"::ffff:192.0.2.{n}") for n in range(6)} == {201}
    written = ["::ffff:192.0.2.9", "192.0.2.9", "::ffff:c000:209", "192.0.2.9"]
    assert [create_for(app, address) for address in written][-1] == 429


ROOM_LIMITS = {**LIMITS, "rate_limit_room_commands": "9 per minute"}


@pytest.fixture
def operators(api, room):
    """Two operators' tokens of `room`."""
    return [operator_of(api, room) for _ in range(2)]


@pytest.mark.settings(**ROOM_LIMITS)
def test_the_operators_of_a_room_are_counted_together_however_many_their_tokens(
    api, room, timer, operators
):
    start = f"/api/timers/{timer['id']}/start"
    sent = [
        status
        for token in operators
        for status in statuses(api, 6, "POST", start, token=token)
    ]

    assert sent == [200] * 9 + [429] * 3
    # Its owner commands on: creating the timer and two tokens were the first three.
    assert statuses(api, 3, "POST", start, token=room.admin_token) == [200] * 3


@pytest.mark.settings(**{**LIMITS, "rate_limit_room_commands": "2 per minute"})
def test_what_says_how_often_is_that_of_the_limit_that_was_reached(
    api, room, timer, operators
):
    start = f"/api/timers/{timer['id']}/start"
    served = api.request("POST", start, token=operators[0])
    assert served.headers["ratelimit-limit"] == "6"
    assert served.headers["ratelimit-remaining"] == "5"
    assert statuses(api, 1, "POST", start, token=operators[1]) == [200]

    refused = api.request("POST", start, token=operators[1])
    assert refused.status == 429
    assert refused.headers["ratelimit-limit"] == "2"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert 0 < int(refused.headers["retry-after"]) <= 60


@pytest.mark.settings(**ROOM_LIMITS)
def test_an_operator_that_is_refused_takes_nothing_from_the_room(
    api, room, timer, operators
):
    start = f"/api/timers/{timer['id']}/start"
    first, second = operators
    assert statuses(api, 20, "POST", start, token=first)[-1] == 429

    assert statuses(api, 3, "POST", start, token=second) == [200] * 3


def refreshes(api, times, token):
    return statuses(api, times, "POST", "/api/auth/refresh", token=token)


def test_junk_from_the_hall_does_not_lock_the_owner_s_refresh_out(api, room):
    assert refreshes(api, 5, "e30.e30.junk") == [401] * 4 + [429]
    # An access token is the wrong one here, whoever it names.
    assert refreshes(api, 1, room.admin_token) == [429]

    assert refreshes(api, 4, room.refresh_token) == [200] * 4
    assert refreshes(api, 1, room.refresh_token) == [429]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/rooms"), ("POST", "/api/auth/revoke")]
)
def test_junk_does_not_lock_the_owner_out_elsewhere(api, room, method, path):
    assert statuses(api, 5, method, path, token="junk")[-1] == 429
    assert statuses(api, 5, method, path, token=room.refresh_token)[-1] == 429

    assert api.request(method, path, token=room.admin_token).status in (200, 204)


def test_tokens_that_were_taken_back_use_up_nothing_of_those_in_force(api, app, room):
    owner = claims_of(room.admin_token)["sub"]
    assert api.request("POST", "/api/auth/revoke", token=room.admin_token).status == 204
    with app.app_context():
        standing = standing_of([owner_holder(owner)])
        renewed = issue_refresh_token(owner, standing).encoded

    assert refreshes(api, 5, room.refresh_token) == [401] * 4 + [429]
    assert refreshes(api, 4, renewed) == [200] * 4


def test_commands_with_tokens_that_were_taken_back_use_up_nothing_either(
    api, app, room, timer
):
    owner = claims_of(room.admin_token)["sub"]
    start = f"/api/timers/{timer['id']}/start"
    assert api.request("POST", "/api/auth/revoke", token=room.admin_token).status == 204
    with app.app_context():
        standing = standing_of([owner_holder(owner)])
        renewed = issue_access_token(owner, standing).encoded

    assert set(statuses(api, 8, "POST", start, token=room.admin_token)) <= {401, 429}
    assert statuses(api, 7, "POST", start, token=renewed) == [200] * 6 + [429]


def test_asking_what_is_allowed_is_not_counted_and_no_error(api, room, caplog):
    sent = statuses(api, 10, "OPTIONS", "/api/auth/refresh")
    sent += statuses(api, 10, "OPTIONS", "/api/rooms", token="junk")

    assert set(sent) == {200}
    assert refreshes(api, 1, room.refresh_token) == [200]
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


@pytest.mark.settings(
    rate_limit_commands="5 per minute", rate_limit_room_commands="10 per minute"
)
def test_operators_whose_tokens_were_taken_back_use_up_nothing_of_the_room(
    api, room, timer
):
    ended = [operator_of(api, room) for _ in range(3)]
    path = f"/api/rooms/{room.id}/tokens"
    assert api.request("DELETE", path, token=room.admin_token).status == 204
    start = f"/api/timers/{timer['id']}/start"
    for token in ended:
        assert set(statuses(api, 5, "POST", start, token=token)) <= {401, 429}

    in_force = operator_of(api, room)
    assert api.request("POST", start, token=in_force).status == 200
