"""A token's claims name who sends a request and what the sender may do."""

import uuid

import pytest

from app.auth.identity import Identity, Role, holders_of, identity_of
from app.errors import Unauthenticated

ROOM, OTHER_ROOM = uuid.uuid4(), uuid.uuid4()


@pytest.fixture
def owner():
    return identity_of({"sub": "ada"})


@pytest.fixture
def operator():
    return identity_of(
        {"sub": "ada", "timer_role": "operator", "timer_room": str(ROOM)}
    )


def test_a_token_without_a_role_is_an_owner_s(owner):
    assert owner == Identity("ada", Role.OWNER)
    assert identity_of({"sub": "ada", "timer_role": "owner"}) == owner


def test_an_operator_s_token_names_its_room(operator):
    assert operator == Identity("ada", Role.OPERATOR, ROOM)


@pytest.mark.parametrize("role", ["admin", "", None, 1, ["owner"], {}, "Owner", True])
def test_an_unknown_role_is_refused(role):
    with pytest.raises(Unauthenticated):
        identity_of({"sub": "ada", "timer_role": role})


@pytest.mark.parametrize("room", ["hall", "", 5, [], {"id": str(ROOM)}, None])
def test_an_operator_s_room_must_be_a_room(room):
    with pytest.raises(Unauthenticated):
        identity_of({"sub": "ada", "timer_role": "operator", "timer_room": room})


def test_an_operator_without_a_room_is_refused():
    with pytest.raises(Unauthenticated):
        identity_of({"sub": "ada", "timer_role": "operator"})


@pytest.mark.parametrize("subject", ["", "x" * 256])
def test_a_subject_that_cannot_be_stored_is_refused(subject):
    with pytest.raises(Unauthenticated):
        identity_of({"sub": subject})


def test_the_longest_subject_is_accepted():
    assert identity_of({"sub": "x" * 255}).subject == "x" * 255


def test_an_owner_operates_and_owns_its_own_rooms_alone(owner):
    assert owner.may_operate(ROOM, "ada")
    assert owner.may_own("ada")
    assert not owner.may_operate(ROOM, "eve")
    assert not owner.may_own("eve")


def test_an_operator_operates_one_room_and_owns_none(operator):
    assert operator.may_operate(ROOM, "anybody")
    assert not operator.may_operate(OTHER_ROOM, "anybody")
    assert not operator.may_operate(OTHER_ROOM, "ada")
    assert not operator.may_own("ada")


def test_an_owner_s_revocation_ends_the_owner_s_tokens():
    assert holders_of({"sub": "ada"}) == ["owner:ada"]


def test_an_operator_s_token_ends_with_its_room_s_or_its_owner_s_revocation():
    claims = {
        "sub": "operator:1",
        "timer_role": "operator",
        "timer_room": str(ROOM),
        "timer_owner": "ada",
    }

    assert holders_of(claims) == [f"room:{ROOM}", "owner:ada"]


@pytest.mark.parametrize(
    ("claims", "generation"),
    [
        ({"gen": {"owner:ada": 3}}, 3),
        ({"gen": {"owner:eve": 3}}, 0),
        ({"gen": {"owner:ada": "3"}}, 0),
        ({"gen": 3}, 0),
        ({"iat": 3}, 0),
        ({}, 0),
    ],
)
def test_a_token_of_ours_says_after_how_many_revocations_it_was_issued(
    claims, generation
):
    assert identity_of({"sub": "ada", **claims}).generation == generation
