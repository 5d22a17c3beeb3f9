"""A worker reduced to its client manager, spoken to in lines of JSON.

Takes `["broadcast", room, event, data]`, `["emit", ...]` and `["facts"]`; writes what
is delivered, each new subscription, and the answers.
"""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402 - after patching
import sys  # noqa: E402
import time  # noqa: E402
from dataclasses import asdict  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from gevent.fileobject import FileObject  # noqa: E402

from app.transport.broadcasts import Broadcast, LocalManager, Manager, RedisManager  # noqa: E402


def main(url: str, channel: str) -> None:
    manager: Manager = RedisManager(url, channel) if url else LocalManager()
    manager.deliver = lambda broadcast: tell("delivered", asdict(broadcast))
    manager.on_subscribed = lambda: tell("subscribed", None)
    manager.on_recount = lambda: tell("recount", None)
    manager.start()
    for line in FileObject(sys.stdin, "r"):
        command, *arguments = json.loads(line)
        answer(manager, command, arguments)


def answer(manager: Manager, command: str, arguments: list[Any]) -> None:
    began = time.monotonic()
    if command == "broadcast":
        manager.broadcast(Broadcast(*arguments))
    elif command == "emit":
        event, data, room = arguments
        manager.emit(event, data, namespace="/", room=room)
    names = ("published", "dropped", "received", "reconnects", "connected")
    facts = {name: getattr(manager, name) for name in names}
    tell("answer", {**facts, "seconds": time.monotonic() - began})
    gevent.sleep(0)


def tell(kind: str, content: Any) -> None:
    sys.stdout.write(json.dumps([kind, content]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
