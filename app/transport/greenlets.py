"""Greenlets that go on in spite of a defect."""

import logging
from collections.abc import Callable

import gevent
from gevent import Greenlet

PAUSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


def keep_running(
    run: Callable[[], None], pause: float = PAUSE_SECONDS
) -> "Greenlet[..., None]":
    """Run something beside all else until the greenlet is killed.

    A failure is logged with its traceback, and after `pause` seconds the run begins
    again: a defect must be seen, and must not end a show.
    """
    return gevent.spawn(_again_and_again, run, pause)


def _again_and_again(run: Callable[[], None], pause: float) -> None:
    while True:
        try:
            run()
        except Exception:  # noqa: BLE001 - handled: reported, and run again
            _log.exception("background task failed", extra={"task": run.__qualname__})
        gevent.sleep(pause)
