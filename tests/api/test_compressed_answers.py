"""An answer is the same with and without compression, and so is its entity tag."""

import gzip
import json

import pytest

from tests.api.full_rooms import add_timers

GZIP = {"Accept-Encoding": "gzip, deflate, br, zstd"}
FILES = [
    "/api/docs/swagger-ui.css",
    "/api/docs/swagger-ui-bundle.js",
]


@pytest.fixture
def get(app):
    """Asks for an address; the body comes as it was sent."""

    def get(path, method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        with app.test_client().open(path, method=method, headers=headers) as answer:
            answer.get_data()
            return answer

    return get


@pytest.fixture
def state(room):
    """The address of the room's state."""
    return f"/api/rooms/{room.share_token}"


def unzipped(answer):
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    return gzip.decompress(answer.data)


@pytest.mark.parametrize("count", [0, 3, 400])
def test_a_state_is_the_same_with_compression(app, get, room, state, count):
    add_timers(app, room, count, description='Grüße 🎬 "'.ljust(300, "x"))
    plain, small = get(state), get(state, **GZIP)

    told = json.loads(unzipped(small))
    assert {**told, "serverTime": 0} == {**plain.get_json(), "serverTime": 0}
    assert told["serverTime"] >= plain.get_json()["serverTime"]
    assert next(iter(told)) == next(iter(plain.get_json())) == "serverTime"


@pytest.mark.parametrize("path", ["state", *FILES])
@pytest.mark.database("sqlite")
def test_the_entity_tag_is_the_same_with_compression(get, state, path):
    path = state if path == "state" else path
    plain, small, again = get(path), get(path, **GZIP), get(path, **GZIP)

    assert small.headers["ETag"] == again.headers["ETag"] == plain.headers["ETag"]
    if path != state:
        assert unzipped(small) == unzipped(again) == plain.data
    held = {"If-None-Match": plain.headers["ETag"]}
    for answer in (get(path, **held), get(path, **held, **GZIP)):
        assert answer.status_code == 304
        assert answer.headers["ETag"] == plain.headers["ETag"]
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize("suffix", [":gzip", ":zstd", ":br"])
def test_a_tag_that_a_proxy_gave_a_suffix_is_understood(get, room, state, suffix):
    tag = get(state).headers["ETag"].strip('"')

    assert get(state, If_None_Match=f'"{tag}{suffix}"').status_code == 304


@pytest.mark.parametrize("path", ["state", *FILES])
@pytest.mark.database("sqlite")
def test_head_answers_what_get_does_without_the_body(get, state, path):
    path = state if path == "state" else path
    for headers in ({}, GZIP):
        whole, head = get(path, **headers), get(path, "HEAD", **headers)

        assert head.data == b""
        for name in ("ETag", "Content-Encoding", "Content-Type", "Vary"):
            assert head.headers.get(name) == whole.headers.get(name), name
        assert "Accept-Encoding" in head.headers["Vary"]


@pytest.mark.database("sqlite")
@pytest.mark.parametrize("path", FILES)
def test_a_file_is_sent_whole_whatever_part_is_asked_for(get, path):
    answer = get(path, Range="bytes=0-9", If_Range=get(path).headers["ETag"])

    assert answer.status_code == 200
    assert answer.data == get(path).data
    assert "Accept-Ranges" not in answer.headers
