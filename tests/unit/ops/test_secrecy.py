"""Secrets are masked wherever they stand; what is none stays readable."""

import json
import timeit

import pytest

from app.ops.secrecy import masked, masked_fields

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJvd25lciJ9.c2lnbmF0dXJl-_x"
SHARE_TOKEN = "kX3-v_9QmZ1bT7uWpLr4Ays0"
SID = "Vp0sW3xQbN8fKAAC"


@pytest.mark.parametrize(
    "text",
    [
        f"the token {JWT} has expired",
        f"Authorization: Bearer {JWT}",
        f"AUTHORIZATION=Bearer {SHARE_TOKEN}",
        f"{{'Authorization': 'Bearer {SHARE_TOKEN}'}}",
        json.dumps({"Authorization": f"Basic {SHARE_TOKEN}"}),
        json.dumps(json.dumps({"authorization": SHARE_TOKEN})),
        f"[('Authorization', 'Bearer {SHARE_TOKEN}')]",
        f"GET /api/rooms/{SHARE_TOKEN} HTTP/1.1",
        f"GET /API/Rooms/{SHARE_TOKEN}/ HTTP/1.1",
        f"GET /api/rooms/%6bX3{SHARE_TOKEN[3:]} HTTP/1.1",
        f"https://show.example/r/{SHARE_TOKEN}?full=1",
        f"/view?theme=dark&token={SHARE_TOKEN}",
        f"/view?shareToken={SHARE_TOKEN}&x=1",
        f"/socket.io/?EIO=4&transport=polling&sid={SID}",
        f'received 2["join-room",{{"shareToken":"{SHARE_TOKEN}"}}]',
        json.dumps(f'42["join-room",{{"shareToken": "{SHARE_TOKEN}"}}]'),
        f"[SQL: SELECT 1]\n[parameters: {{'share_token_1': '{SHARE_TOKEN}'}}]",
        f"[SQL: SELECT 1]\n[parameters: (']', '{SHARE_TOKEN}')]\n(Background on this)",
        f"cannot reach redis://default:{SHARE_TOKEN}@redis:6379/0",
    ],
)
def test_a_secret_in_a_text_is_masked(text):
    shown = masked(text)

    assert "(hidden)" in shown
    for secret in (JWT, SHARE_TOKEN, SHARE_TOKEN[3:], SID):
        assert secret not in shown


@pytest.mark.parametrize(
    "text",
    [
        "Authorization is wanted here, and a bearer of it",
        "/api/rooms/<share_token>",
        "/api/timers/4f7d6f0e-6cbb-4a3c-9d3f-3f5be16b4e0d/start",
        "http://localhost:3000",
        "redis://redis:6379/0",
        "listening to Redis",
        "/view?sided=1&tokens",
    ],
)
def test_a_text_without_secrets_stays_as_it_is(text):
    assert masked(text) == text


def test_what_surrounds_a_secret_stays():
    text = f"GET /api/rooms/{SHARE_TOKEN}/timers?sid={SID}&x=1"

    assert masked(text) == "GET /api/rooms/(hidden)/timers?sid=(hidden)&x=1"


def test_fields_are_masked_however_deep():
    shown = masked_fields({"call": {"path": [f"/r/{SHARE_TOKEN}", 7, None, True]}})

    assert shown == {"call": {"path": ["/r/(hidden)", 7, None, True]}}


@pytest.mark.parametrize(
    "name",
    ["Authorization", "sid", "jwt", "Set-Cookie", "share_token", "JWT_SECRET"],
)
def test_a_field_with_a_secret_name_is_hidden_whole(name):
    name = name.replace("-", "_")

    assert masked_fields({name: "short"}) == {name: "(hidden)"}


def test_an_object_is_shown_as_its_masked_repr():
    class Link:
        def __repr__(self):
            return f"<Link /r/{SHARE_TOKEN}>"

    assert masked_fields({"link": Link()}) == {"link": "<Link /r/(hidden)>"}


@pytest.mark.parametrize(
    "part", ["share_token", "[parameters: ", "eyJ", "eyJ-.", "://", "?sid=", "/r/", "?"]
)
def test_the_work_grows_with_the_text_and_not_with_its_square(part):
    """A method that a client makes up may be as long as a request line."""

    def seconds(length):
        text = (part * length)[:length]
        return min(timeit.repeat(lambda: masked(text), number=1, repeat=3))

    assert seconds(100_000) < 1
