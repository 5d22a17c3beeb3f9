"""A worker knows its sockets and what each of them watches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import NotFound
from app.live.presence import LocalViewers


@pytest.fixture
def viewers():
    viewers = LocalViewers()
    for sid in ("a", "b", "c"):
        viewers.connect(sid)
    return viewers


def test_a_socket_that_watches_nothing_is_counted_as_a_socket_only(viewers):
    assert sorted(viewers.sockets) == ["a", "b", "c"]
    assert viewers.counts == {}


def test_viewers_are_counted_by_room(viewers):
    viewers.join("a", "hall")
    viewers.join("b", "hall")
    viewers.join("c", "foyer")

    assert viewers.counts == {"hall": 2, "foyer": 1}
    rooms = ("hall", "foyer", "roof")
    assert [viewers.in_room(room) for room in rooms] == [2, 1, 0]
    assert sorted(viewers.viewers_of("hall")) == ["a", "b"]


def test_joining_another_room_leaves_the_first(viewers):
    viewers.join("a", "hall")
    viewers.join("a", "foyer")

    assert viewers.counts == {"foyer": 1}
    assert viewers.room_of("a") == "foyer"


def test_joining_the_same_room_twice_counts_once(viewers):
    viewers.join("a", "hall")
    viewers.join("a", "hall")

    assert viewers.counts == {"hall": 1}


def test_a_room_that_everybody_left_is_forgotten(viewers):
    viewers.join("a", "hall")
    viewers.leave("a")

    assert viewers.counts == {}
    assert viewers.room_of("a") is None
    assert "a" in viewers.sockets


def test_a_socket_that_is_gone_is_forgotten_with_its_place(viewers):
    viewers.join("a", "hall")
    viewers.disconnect("a")
    viewers.disconnect("a")

    assert viewers.counts == {}
    assert sorted(viewers.sockets) == ["b", "c"]


def test_a_socket_that_is_gone_cannot_join(viewers):
    viewers.disconnect("a")

    with pytest.raises(NotFound):
        viewers.join("a", "hall")
    assert viewers.counts == {}


def test_connecting_again_keeps_the_room(viewers):
    viewers.join("a", "hall")
    viewers.connect("a")

    assert viewers.room_of("a") == "hall"


def test_the_counts_are_a_copy(viewers):
    viewers.join("a", "hall")
    counts = viewers.counts
    viewers.leave("a")

    assert counts == {"hall": 1}


steps = st.lists(
    st.tuples(
        st.sampled_from(["connect", "join", "leave", "disconnect"]),
        st.sampled_from("abcd"),
        st.sampled_from(["hall", "foyer"]),
    )
)


@given(steps=steps)
def test_the_counts_are_those_of_the_sockets_after_any_history(steps):
    viewers = LocalViewers()
    for step, sid, room in steps:
        if step != "join":
            getattr(viewers, step)(sid)
        elif sid in viewers.sockets:
            viewers.join(sid, room)

    watched = [viewers.room_of(sid) for sid in viewers.sockets]
    assert viewers.counts == {room: watched.count(room) for room in {*watched} - {None}}
    assert all(
        len(viewers.viewers_of(room)) == count for room, count in viewers.counts.items()
    )


def test_who_is_away_watches_and_is_not_counted(viewers):
    viewers.join("a", "hall")
    viewers.join("b", "hall")
    viewers.note_presence("a", False)
    viewers.note_presence("a", False)

    assert viewers.counts == {"hall": 1}
    assert viewers.count("hall") == 1
    assert viewers.in_room("hall") == 2
    assert sorted(viewers.viewers_of("hall")) == ["a", "b"]


def test_who_is_back_is_counted_again(viewers):
    viewers.join("a", "hall")
    viewers.note_presence("a", False)
    viewers.note_presence("a", True)
    viewers.note_presence("a", True)

    assert viewers.counts == {"hall": 1}


def test_who_joins_while_away_is_counted_when_it_is_back(viewers):
    viewers.note_presence("a", False)
    viewers.join("a", "hall")
    assert viewers.counts == {}

    viewers.join("a", "foyer")
    viewers.note_presence("a", True)

    assert viewers.counts == {"foyer": 1}


def test_who_leaves_while_away_leaves_nothing(viewers):
    viewers.join("a", "hall")
    viewers.note_presence("a", False)
    viewers.disconnect("a")
    viewers.note_presence("a", True)
    viewers.connect("a")
    viewers.join("a", "hall")

    assert viewers.counts == {"hall": 1}
