"""Payloads have camelCase names, know all their fields, and hold storable text."""

import marshmallow as ma
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import fields

from app.payloads import BoundedList, Payload, Text, camel_case, instant


class Speech(Payload):
    speaker_name = Text(longest=10, blank=False, required=True)
    side_note = Text(longest=10)
    starts_at = instant("When it starts")


def load(**payload):
    return Speech().load(payload)


def refusal(**payload):
    with pytest.raises(ma.ValidationError) as refused:
        load(**payload)
    return refused.value.normalized_messages()


@pytest.mark.parametrize(
    ("name", "wire"),
    [("name", "name"), ("share_token", "shareToken"), ("a_b_c", "aBC")],
)
def test_names_on_the_wire_are_camel_case(name, wire):
    assert camel_case(name) == wire


def test_a_payload_is_read_and_written_in_camel_case():
    assert load(speakerName="Ada", startsAt=5) == {
        "speaker_name": "Ada",
        "starts_at": 5,
    }
    assert Speech().dump({"speaker_name": "Ada", "starts_at": 5}) == {
        "speakerName": "Ada",
        "startsAt": 5,
    }


def test_a_payload_knows_all_its_fields():
    assert "speaker_name" in refusal(speakerName="Ada", speaker_name="Eve")


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b", "\ud800", "a\udfff", "\udc00\ud800"]
)
def test_text_that_nothing_can_store_is_refused(text):
    assert list(refusal(speakerName=text)) == ["speakerName"]
    assert list(refusal(speakerName="Ada", sideNote=text)) == ["sideNote"]


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u00a0", "\u3000"])
def test_blank_text_is_refused_where_something_must_be_written(text):
    assert list(refusal(speakerName=text)) == ["speakerName"]


def test_blank_text_is_accepted_elsewhere():
    assert load(speakerName="Ada", sideNote=" ")["side_note"] == ""


def test_surrounding_space_is_removed_before_counting():
    assert load(speakerName="  " + "x" * 10 + "\n")["speaker_name"] == "x" * 10


def test_text_is_counted_in_characters():
    assert load(speakerName="🎬" * 10)["speaker_name"] == "🎬" * 10
    assert list(refusal(speakerName="🎬" * 11)) == ["speakerName"]


@pytest.mark.parametrize("value", [None, 5, True, ["Ada"], {"name": "Ada"}, 1.5])
def test_only_text_is_text(value):
    assert list(refusal(speakerName=value)) == ["speakerName"]


@given(text=st.text(st.characters(categories=None, codec=None)))
def test_accepted_text_can_be_encoded_and_holds_no_nul(text):
    try:
        accepted = load(speakerName=text)["speaker_name"]
    except ma.ValidationError:
        return
    assert 1 <= len(accepted) <= 10
    assert b"\x00" not in accepted.encode()


def test_an_instant_is_documented_with_its_unit():
    field = instant("When it starts")

    assert isinstance(field, fields.Integer)
    assert "ms since the epoch, UTC" in field.metadata["description"]


class Unread(fields.Field):
    """A field that must not be looked at."""

    def _deserialize(self, value, *args, **kwargs):
        raise AssertionError(value)


class Program(Payload):
    talks = BoundedList(fields.Integer(strict=True), longest=3)
    unread = BoundedList(Unread(), longest=3)


@pytest.mark.parametrize("talks", [[], [1], [1, 2, 3]])
def test_a_list_within_its_bound_is_read(talks):
    assert Program().load({"talks": talks}) == {"talks": talks}


@pytest.mark.parametrize("talks", [None, 5, "123", {"0": 1}, ["x"], [1, None]])
def test_a_list_is_a_list_of_what_it_says(talks):
    with pytest.raises(ma.ValidationError):
        Program().load({"talks": talks})


def test_a_list_that_is_too_long_is_refused_without_a_look_at_its_elements():
    with pytest.raises(ma.ValidationError) as refused:
        Program().load({"unread": [1, 2, 3, 4]})

    assert refused.value.normalized_messages() == {
        "unread": ["Longer than maximum length 3."]
    }
