"""A room's text is counted as it goes over the wire."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.rooms.texts import growth, wire_bytes

STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
AWKWARD = st.text(alphabet='"\\\n\x01\x7f\x85é\u2028🎬a')


@given(STORABLE | AWKWARD)
@example('"')
@example("\u2028")
def test_a_text_counts_as_its_json_in_utf_8_without_the_quotation_marks(text):
    assert wire_bytes(text) == len(json.dumps(text, ensure_ascii=False).encode()) - 2


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("Hall", 4), ("é", 2), ("🎬", 4), ('"', 2), ("\n", 2), ("\x01", 6)],
)
def test_what_characters_count(text, count):
    assert wire_bytes(text) == count


def test_growth_is_what_the_changed_texts_gain():
    before = SimpleNamespace(title="Opening", description="Long")

    assert growth(before, {"title": "Opening 🎬"}, ["title", "description"]) == 5
    assert growth(before, {"description": ""}, ["title", "description"]) == -4
    assert growth(before, {"duration": 5}, ["title", "description"]) == 0


def test_all_texts_of_something_new_are_growth():
    assert growth(None, {"title": "Opening", "duration": 5}, ["title"]) == 7
