"""Ends with 0 if the server in this container says that commands work, else with 1."""  # noqa: INP001 - a script

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT_SECONDS = 3


def main() -> int:
    """Ask the server's `/health`, past any proxy that the container is told to use."""
    port = int(os.environ.get("PORT") or 3000)  # noqa: TID251 - runs beside the product
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
