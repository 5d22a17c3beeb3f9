"""A well-signed token with strange claims is refused; it never fails the server."""

import jwt
import pytest

from app.clock import now
from tests.api.people import SECRET, claims_of, signed

HUGE = 10**400
ROOM = "8d7b1dc0-3f4a-4c0e-9d4e-3a3f0b3d6a55"

# What the token says, beside a `sub`, `iat` and `exp` that are in order.
STRANGE = {
    "sub is missing": {"sub": ...},
    "sub is null": {"sub": None},
    "sub is a number": {"sub": 5},
    "sub is true": {"sub": True},
    "sub is a list": {"sub": ["ada"]},
    "sub is an object": {"sub": {"id": "ada"}},
    "sub is empty": {"sub": ""},
    "sub is too long": {"sub": "x" * 256},
    "sub holds a NUL": {"sub": "ada\x00"},
    "sub holds half a surrogate pair": {"sub": "ada\ud800"},
    "role is unknown": {"timer_role": "admin"},
    "role is null": {"timer_role": None},
    "role is a list": {"timer_role": ["operator"]},
    "role is an object": {"timer_role": {"operator": True}},
    "room is missing": {"timer_role": "operator"},
    "room is no uuid": {"timer_role": "operator", "timer_room": "hall"},
    "room is a number": {"timer_role": "operator", "timer_room": 5},
    "room is null": {"timer_role": "operator", "timer_room": None},
    "room is a list": {"timer_role": "operator", "timer_room": [ROOM]},
    "owner holds a NUL": {
        "timer_role": "operator",
        "timer_room": ROOM,
        "timer_owner": "ada\x00",
    },
    "iat is text": {"iat": "yesterday"},
    "iat is null": {"iat": None},
    "iat is a list": {"iat": [1]},
    "iat is infinite": {"iat": float("-inf")},
    "iat is not a number": {"iat": float("nan")},
    "iat is huge": {"iat": HUGE},
    "iat is of the future": {"iat": now() // 1000 + 3600},
    "exp is missing": {"exp": ...},
    "exp is text": {"exp": "tomorrow"},
    "exp is null": {"exp": None},
    "exp is a list": {"exp": []},
    "exp is infinite": {"exp": float("inf")},
    "exp is not a number": {"exp": float("nan")},
    "exp is negative": {"exp": -1},
    "nbf is of the future": {"nbf": now() // 1000 + 3600},
    "nbf is text": {"nbf": "later"},
    "nbf is a list": {"nbf": []},
    "nbf is infinite": {"nbf": float("inf")},
}

# Strange as well, but of no consequence.
HARMLESS = {
    "iat is text of digits": {"iat": "1700000000"},
    "iat is a fraction": {"iat": 1_700_000_000.5},
    "iat is negative and huge": {"iat": -HUGE},
    "iat is missing": {"iat": ...},
    "gen is text": {"gen": "first"},
    "gen is a list": {"gen": [1]},
    "gen names strange numbers": {"gen": {"owner:ada": "x"}},
    "gen is of a generation to come": {"gen": {"owner:ada": HUGE}},
    "type is a provider's own": {"type": "Bearer"},
    "type is a list": {"type": ["access"]},
    "role is owner": {"timer_role": "owner"},
    "a claim is not ours": {"groups": ["x" * 1000]},
    "a room without a role": {"timer_room": "hall"},
}


def listing(api, token):
    return api.request("GET", "/api/rooms", token=token)


@pytest.fixture
def answers(api):
    """Asks with each of some claims; returns the statuses by what is strange."""

    def answers(claims):
        return {
            what: listing(api, signed(given)).status for what, given in claims.items()
        }

    return answers


@pytest.fixture
def revoked(api):
    """Takes back every token of `ada`."""
    api.request("POST", "/api/auth/revoke", token=signed())


def test_strange_claims_are_refused(answers):
    assert answers(STRANGE) == dict.fromkeys(STRANGE, 401)


def test_claims_of_no_consequence_do_no_harm(answers):
    assert answers(HARMLESS) == dict.fromkeys(HARMLESS, 200)


def test_no_claim_survives_a_revocation(answers, revoked):
    assert answers(HARMLESS) == dict.fromkeys(HARMLESS, 401)


def test_strange_claims_are_refused_after_a_revocation_too(answers, revoked):
    assert answers(STRANGE) == dict.fromkeys(STRANGE, 401)


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_provider_s_clock_may_be_a_little_ahead(api, claim):
    later = {ahead: signed({claim: now() // 1000 + ahead}) for ahead in (5, 60)}

    told = {ahead: listing(api, token).status for ahead, token in later.items()}

    assert told == {5: 200, 60: 401}


def test_claims_that_are_no_object_are_refused(api):
    for payload in (b"[]", b"null", b'"ada"', b"5", b"", b"{", b"\xff"):
        token = jwt.PyJWS().encode(payload, SECRET, "HS256")
        assert listing(api, token).status == 401


def test_an_operator_is_not_turned_into_an_owner_by_its_subject(api, room):
    owner = claims_of(room.admin_token)["sub"]
    operator = signed(sub=owner, timer_role="operator", timer_room=room.id)

    assert listing(api, operator).status == 403
    path = f"/api/rooms/{room.id}"
    assert api.request("DELETE", path, token=operator).status == 403
