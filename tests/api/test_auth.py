"""An owner gets new access tokens, and ends all of them."""

import pytest

from app.clock import now
from tests.api.people import claims_of, signed


def refresh(api, token):
    return api.request("POST", "/api/auth/refresh", token=token)


def revoke(api, token):
    return api.request("POST", "/api/auth/revoke", token=token)


def listing(api, token):
    return api.request("GET", "/api/rooms", token=token).status


def test_a_refresh_token_gets_a_new_access_token(api, room):
    answer = refresh(api, room.refresh_token)

    assert answer.status == 200
    assert set(answer.json) == {"adminToken", "adminTokenExpiresAt"}
    assert listing(api, answer.json["adminToken"]) == 200
    claims = claims_of(answer.json["adminToken"])
    assert abs(claims["exp"] * 1000 - answer.json["adminTokenExpiresAt"]) < 2000
    assert claims["sub"] == claims_of(room.admin_token)["sub"]


@pytest.mark.settings(access_token_ttl_ms=60_000, refresh_token_ttl_ms=120_000)
def test_tokens_live_as_long_as_the_settings_say(api, room):
    seconds = now() // 1000

    assert 0 <= claims_of(room.admin_token)["exp"] - seconds <= 60
    assert 60 < claims_of(room.refresh_token)["exp"] - seconds <= 120


def test_only_a_refresh_token_refreshes(api, room, operator):
    for token in (room.admin_token, operator, "forged", None):
        assert refresh(api, token).status == 401


def test_a_refresh_token_commands_nothing(api, room):
    assert listing(api, room.refresh_token) == 401
    assert revoke(api, room.refresh_token).status == 401


def test_a_refresh_token_of_an_operator_gets_no_owner_s_token(api, room):
    token = signed(type="refresh", timer_role="operator", timer_room=room.id)

    assert refresh(api, token).status == 403


def test_revoking_ends_every_token_of_the_owner(api, room):
    second = refresh(api, room.refresh_token).json["adminToken"]
    answer = revoke(api, room.admin_token)

    assert answer.status == 204
    assert listing(api, room.admin_token) == 401
    assert listing(api, second) == 401
    assert refresh(api, room.refresh_token).status == 401


def test_a_revoked_owner_s_rooms_stay(api, room):
    revoke(api, room.admin_token)

    assert api.state(room.share_token)["id"] == room.id


def test_revoking_leaves_the_other_owners_tokens(api, room, foreign):
    revoke(api, room.admin_token)

    assert listing(api, foreign.admin_token) == 200


def test_an_operator_cannot_revoke_the_owner(api, room, operator):
    assert revoke(api, operator).status == 403
    assert listing(api, room.admin_token) == 200


def test_a_token_issued_right_after_a_revocation_works(api, app, room):
    from app.auth.identity import owner_holder
    from app.auth.service import issue_access_token, standing_of

    revoke(api, room.admin_token)
    subject = claims_of(room.admin_token)["sub"]

    with app.app_context():
        standing = standing_of([owner_holder(subject)])
        renewed = issue_access_token(subject, standing).encoded
    assert listing(api, renewed) == 200
