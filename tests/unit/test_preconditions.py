"""Entity tags are revisions, however a proxy has dressed them up."""

import pytest
from flask import Flask

from app.errors import RoomMovedOn
from app.preconditions import expected_revision, holds_revision, matched_revision

TAGS = ['"7"', "7", 'W/"7"', ' "7" ', '"7:gzip"', 'W/"7:br"']
STRANGE = [
    "",
    "seven",
    '"-7"',
    '"7.0"',
    '"7","8"',
    '"' + "9" * 19 + '"',
    '"٧"',
    "W/",
]


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_of_ours_stands_for_its_revision(tag):
    assert matched_revision(tag) == 7


@pytest.mark.parametrize("tag", STRANGE)
def test_a_strange_tag_matches_no_revision(tag):
    with pytest.raises(RoomMovedOn):
        matched_revision(tag)


@pytest.fixture
def expecting():
    """Returns the revision that a request with the given `If-Match` expects."""
    app = Flask("toy")

    def expecting(header=None):
        headers = {} if header is None else {"If-Match": header}
        with app.test_request_context(headers=headers):
            return expected_revision()

    return expecting


def test_a_request_without_if_match_expects_nothing(expecting):
    assert expecting() is None


@pytest.mark.parametrize("star", ["*", " * "])
def test_a_star_expects_nothing_but_that_the_thing_exists(expecting, star):
    assert expecting(star) is None


@pytest.mark.parametrize("tag", TAGS)
def test_if_match_expects_its_revision(expecting, tag):
    assert expecting(tag) == 7


def test_an_if_match_that_no_revision_can_match_is_refused(expecting):
    with pytest.raises(RoomMovedOn):
        expecting('"other"')


@pytest.mark.parametrize(
    "header", ['"7"', 'W/"7"', '"6", "7"', '"x","7:gzip"', '"8",W/"7"']
)
def test_if_none_match_holds_each_of_its_tags(header):
    assert holds_revision(header, 7)


@pytest.mark.parametrize("header", ["", '"6"', '"77"', '"6","8"', '"x"', ",,"])
def test_if_none_match_holds_no_other_revision(header):
    assert not holds_revision(header, 7)
