"""What clients cause is counted always and logged rarely."""

import logging
import math

import pytest

from app.transport.rarely import Rarely

LOG = logging.getLogger("tests.rarely")


def test_what_happens_again_soon_is_counted_and_not_logged(
    caplog: pytest.LogCaptureFixture,
):
    slow = Rarely(LOG, "slow", math.inf)
    for number in range(1000):
        slow.note(waiting_bytes=number)

    assert slow.count == 1000
    (line,) = caplog.records
    assert (line.message, line.waiting_bytes, line.clients) == ("slow", 0, 1)


def test_a_line_says_for_how_many_it_stands(caplog: pytest.LogCaptureFixture):
    slow = Rarely(LOG, "slow", 0)
    slow.note()
    slow.note()

    assert [line.clients for line in caplog.records] == [1, 1]
