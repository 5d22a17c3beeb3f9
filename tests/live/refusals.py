"""How a viewer is refused: an acknowledgement, and the same as the event `error`."""

from typing import Any

from tests.support.viewers import Viewer


def refusal_of(viewer: Viewer, event: str, payload: Any = None) -> str:
    """Send what is to be refused; return the code that the acknowledgement gives."""
    since = len(viewer.recording)
    answer = viewer.call(event, payload)
    assert answer["ok"] is False
    assert viewer.wait_for("error", since=since).payload == answer["error"]
    assert answer["error"].keys() == {"code", "message"}
    return answer["error"]["code"]


def assert_still_answered(viewer: Viewer) -> None:
    """Fail unless the same connection still answers."""
    assert viewer.call("ping")["serverTime"]
    assert len(viewer.events("connect")) == 1
    assert viewer.events("disconnect") == []
