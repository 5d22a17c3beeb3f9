"""Free TCP ports."""

import random
import socket

# Below the range from which Linux takes the ports of outgoing connections: a server
# that stopped must find its port still free, whatever connected meanwhile.
_RANGE = range(15_000, 32_000)

# pytest-randomly seeds the shared generator anew for each test.
_random = random.SystemRandom()


def free_port() -> int:
    """Return a port of this host that nobody listens on right now."""
    while True:
        port = _random.choice(_RANGE)
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) and _can_bind(port):
                return port


def _can_bind(port: int) -> bool:
    with socket.socket() as trial:
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
