"""Callers at the same time share a read, but none that began before they came."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.live.state import RoomStates
from tests.support.waiting import patient, wait_until


class Counted(RoomStates):
    """Answers how often it was asked, when it is told to."""

    def __init__(self):
        super().__init__()
        self.asked = 0
        self.answers = threading.Semaphore(0)

    def current(self, share_token):
        return self._read(share_token)

    def _read(self, _share_token):
        self.asked += 1
        mine = self.asked
        self.answers.acquire()
        return mine


@pytest.mark.parametrize("way", ["refreshed", "read_afresh"])
def test_who_asks_while_another_is_answered_gets_an_answer_of_its_own_time(way):
    states = Counted()
    ask = getattr(states, way)
    with ThreadPoolExecutor(3) as pool:
        early = pool.submit(ask, "token")
        wait_until(lambda: states.asked == 1)
        late = pool.submit(ask, "token")

        states.answers.release(2)

        assert (early.result(patient(5)), late.result(patient(5))) == (1, 2)
