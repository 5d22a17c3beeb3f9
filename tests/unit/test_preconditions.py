"""Entity tags are revisions, however a proxy has dressed them up."""

import pytest
from flask import Flask

from app.errors import RoomMovedOn
from app.preconditions import (
    expected_revision,
    holds_revision,
    matched_revision,
    tag_of,
)

TAGS = ['"7"', "7", 'W/"7"', ' "7" ', '"7:gzip"', 'W/"7:br"']
STAMPED = ['"7-k3x9qa"', "7-k3x9qa", 'W/"7-k3x9qa"', '"7-k3x9qa:zstd"']
STRANGE = [
    "",
    "seven",
    '"-7"',
    '"7.0"',
    '"7","8"',
    '"' + "9" * 19 + '"',
    '"٧"',
    "W/",
    '"7-k3x9q"',
    '"7-K3X9QA"',
    '"7-k3x9qaa"',
    '"k3x9qa"',
    '"7-"',
]


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_of_ours_stands_for_its_revision(tag):
    assert matched_revision(tag) == 7


@pytest.mark.parametrize("tag", TAGS)
def test_the_number_alone_says_no_stamp(tag):
    assert matched_revision(tag).stamp is None


@pytest.mark.parametrize("tag", STAMPED)
def test_a_whole_tag_stands_for_its_revision_and_stamp(tag):
    seen = matched_revision(tag)

    assert (seen, seen.stamp) == (7, "k3x9qa")


def test_a_tag_is_read_as_it_is_written():
    seen = matched_revision(tag_of(41, "k3x9qa"))

    assert (seen, seen.stamp) == (41, "k3x9qa")


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
    "header",
    [
        '"7-k3x9qa"',
        'W/"7-k3x9qa"',
        '"6-k3x9qa", "7-k3x9qa"',
        '"x","7-k3x9qa:gzip"',
        '"7-aaaaaa",W/"7-k3x9qa"',
        " * ",
    ],
)
def test_if_none_match_holds_each_of_its_tags(header):
    assert holds_revision(header, 7, "k3x9qa")


@pytest.mark.parametrize(
    "header",
    ["", '"6-k3x9qa"', '"77-k3x9qa"', '"7-aaaaaa"', '"7"', '"6","8"', '"x"', ",,"],
)
def test_if_none_match_holds_no_other_revision(header):
    assert not holds_revision(header, 7, "k3x9qa")
