"""What goes on beside the requests goes on in spite of a defect."""

import logging
from contextlib import contextmanager

import gevent
from gevent.event import Event

from app.transport.greenlets import keep_running
from tests.support.waiting import patient


class Defect(Exception):
    """What nobody thought of."""


class Task:
    """Fails the first times it is run, and then waits for ever."""

    def __init__(self, failures):
        self.failures = failures
        self.is_well = Event()

    def run(self):
        if self.failures:
            self.failures -= 1
            raise Defect("no-one thought of it")
        self.is_well.set()
        Event().wait()


@contextmanager
def running(task):
    greenlet = keep_running(task.run, pause=0.001)
    try:
        yield greenlet
    finally:
        greenlet.kill()


def test_a_task_that_fails_is_run_again():
    task = Task(failures=3)

    with running(task):
        assert task.is_well.wait(patient(5))


def test_each_failure_is_reported_with_its_traceback(caplog):
    task = Task(failures=2)

    with caplog.at_level(logging.ERROR), running(task):
        assert task.is_well.wait(patient(5))

    records = [each for each in caplog.records if each.task == "Task.run"]
    assert [record.exc_info[0] for record in records] == [Defect, Defect]


def test_a_task_that_is_killed_is_not_run_again():
    task = Task(failures=0)

    with running(task) as greenlet:
        assert task.is_well.wait(patient(5))
        task.is_well.clear()
        gevent.kill(greenlet)
        greenlet.join(5)

    assert greenlet.dead
    assert not task.is_well.is_set()
