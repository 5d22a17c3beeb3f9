"""Workers that exchange broadcasts, each a process of its own."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.environment import ROOT, child_environment
from tests.support.waiting import patient

CHANNEL = "live-timer-test"


class Peer:
    """A process with a client manager."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.delivered: queue.Queue[dict[str, Any]] = queue.Queue()
        self.subscribed: queue.Queue[None] = queue.Queue()
        self.recounts: queue.Queue[None] = queue.Queue()
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._process = process
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def broadcast(self, data: Any, event: str = "said", room: str = "hall") -> float:
        """Broadcast, and return how many seconds that kept the caller."""
        return float(self._ask("broadcast", room, event, data)["seconds"])

    def emit(self, data: Any, room: str | None) -> None:
        """Emit as a Socket.IO handler would."""
        self._ask("emit", "said", data, room)

    def facts(self) -> dict[str, Any]:
        """Return the counters and whether it is connected."""
        return self._ask("facts")

    def next_delivered(self, timeout: float = 5) -> Any:
        """Return the payload of the next broadcast that reaches this peer."""
        return self.delivered.get(timeout=patient(timeout))["data"]

    def wait_for_subscription(self, timeout: float = 15) -> None:
        """Wait until it is told that broadcasts may have been lost: the first time by
        its start, which imports the product.
        """
        self.subscribed.get(timeout=patient(timeout))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()

    def _ask(self, *command: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answers.get(timeout=patient(5))

    def _read(self) -> None:
        assert self._process.stdout is not None
        queues = {
            "delivered": self.delivered,
            "subscribed": self.subscribed,
            "recount": self.recounts,
            "answer": self._answers,
        }
        for line in self._process.stdout:
            kind, content = json.loads(line)
            queues[kind].put(content)


@contextmanager
def peers(url: str, count: int) -> Iterator[list[Peer]]:
    """Start `count` peers at the Redis at `url`, or without one where it is empty."""
    started = [_start(url) for _ in range(count)]
    try:
        yield started
    finally:
        for peer in started:
            peer.close()


def _start(url: str) -> Peer:
    module = "tests.system.transport.exchange_process"
    return Peer(
        subprocess.Popen(
            [sys.executable, "-m", module, url, CHANNEL],
            cwd=ROOT,
            env=child_environment(ROOT),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    )
