"""An owner lists the rooms it owns, page by page."""

import pytest

from tests.api.people import signed


@pytest.fixture
def rooms(api):
    """Five rooms of one owner, oldest first, beside one of somebody else."""
    api.create_room("Somebody else's")
    return [api.create_room(f"Room {number}", token=signed()) for number in range(5)]


def listed(api, query="", token=None):
    return api.request("GET", f"/api/rooms{query}", token=token or signed())


def test_an_owner_without_rooms_lists_none(api):
    page = listed(api).json

    assert page == {"rooms": [], "page": 1, "pageSize": 20, "total": 0}


def test_an_owner_lists_its_own_rooms_alone(api, rooms):
    page = listed(api).json

    assert {room["id"] for room in page["rooms"]} == {room.id for room in rooms}
    assert page["total"] == 5


def test_the_newest_room_comes_first(api, rooms):
    created = [room["createdAt"] for room in listed(api).json["rooms"]]

    assert created == sorted(created, reverse=True)


def test_pages_hold_every_room_once(api, rooms):
    pages = [listed(api, f"?page={page}&pageSize=2").json for page in (1, 2, 3, 4)]

    assert [len(page["rooms"]) for page in pages] == [2, 2, 1, 0]
    assert {page["total"] for page in pages} == {5}
    seen = [room["id"] for page in pages for room in page["rooms"]]
    assert sorted(seen) == sorted(room.id for room in rooms)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?page=0", "page"),
        ("?page=-1", "page"),
        ("?page=1000001", "page"),
        (f"?pageSize={'9' * 400}", "pageSize"),
        ("?page=x", "page"),
        ("?page=1.5", "page"),
        ("?page=", "page"),
        ("?pageSize=0", "pageSize"),
        ("?pageSize=101", "pageSize"),
        ("?pageSize=NaN", "pageSize"),
        ("?pageSize=2.5", "pageSize"),
        (f"?page={'9' * 5000}", "page"),
    ],
)
@pytest.mark.database("sqlite")
def test_a_page_that_cannot_be_is_refused(api, query, field):
    answer = listed(api, query)

    assert answer.status == 422
    assert list(answer.json["errors"]) == [field]


def test_the_list_needs_an_owner_s_token(api, operator):
    assert api.request("GET", "/api/rooms").status == 401
    assert listed(api, token=operator).status == 403
