"""What must hold whatever is done to a worker."""

from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.support.server import Server
from tests.support.waiting import wait_until
from tests.system.onlookers import Onlookers

ONLOOKERS = 3
# The server's own log, as it is in development.
_ERRORS = ("Traceback", "[error")
# Engine.IO's word for a client whose session is gone.
_NO_ERROR = "further occurrences of this error will be logged with level INFO"


class Unharmed:
    """A room with viewers of a server's only worker, as a context manager."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._said = 0

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._api = self._server.api()
            self.room = self._api.create_room()
            watching = Onlookers(self._server, [self.room.share_token] * ONLOOKERS)
            self._onlookers = stack.enter_context(watching)
            wait_until(
                lambda: len(self._onlookers.named("room-state")) == ONLOOKERS,
                "all watch",
            )
            self.say_something()
            self.begin()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self) -> None:
        """Note how it is before anything is done to the worker."""
        self._files = self._open_files()
        self._logged = len(self._server.read_log())

    def check(self) -> None:
        """Make sure that nothing is worse than at `begin`.

        Each viewer hears every change in its order, the log tells of no error, and no
        more sockets are open and no more clients there than before.
        """
        self.say_something()
        self._assert_all_were_told()
        self._assert_nothing_is_left()
        self._assert_no_error_is_logged()

    @property
    def files_held(self) -> int:
        """How many more sockets the worker has open than in the beginning."""
        return self._open_files() - self._files

    @property
    def worker(self) -> int:
        """The id of the worker's process."""
        (pid,) = self._server.worker_pids()
        return pid

    def say_something(self) -> None:
        """Change the room, and wait until all viewers were told."""
        self._said += 1
        self._api.update_room(self.room, name=f"No. {self._said}")
        expected = ONLOOKERS * self._said
        wait_until(
            lambda: len(self._onlookers.named("room-update")) >= expected, "all heard"
        )

    def _assert_all_were_told(self) -> None:
        heard: dict[int, list[str]] = {viewer: [] for viewer in range(ONLOOKERS)}
        for event in self._onlookers.named("room-update"):
            heard[event.viewer].append(event.payload["name"])
        said = [f"No. {number}" for number in range(1, self._said + 1)]
        assert all(names == said for names in heard.values())

    def _assert_nothing_is_left(self) -> None:
        wait_until(lambda: self.files_held <= 0, "all sockets are closed", 10)
        wait_until(lambda: self._connections() == ONLOOKERS, "who watches", 10)

    def _assert_no_error_is_logged(self) -> None:
        log = self._server.read_log()[self._logged :]
        wrong = [
            line
            for line in log.splitlines()
            if any(sign in line for sign in _ERRORS) and _NO_ERROR not in line
        ]
        assert not wrong

    def _open_files(self) -> int:
        # Its pool may open a file of the database more, which it keeps.
        return len(
            [
                number
                for number in Path(f"/proc/{self.worker}/fd").iterdir()
                if _is_socket(number)
            ]
        )

    def _connections(self) -> int:
        stats = self._api.request("GET", "/api/stats/socket").json
        count: int = stats["connections"]
        return count


def _is_socket(number: Path) -> bool:
    try:
        return str(number.readlink()).startswith("socket:")
    except FileNotFoundError:
        return False
