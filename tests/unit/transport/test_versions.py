"""The check of the libraries."""

import pytest
import socketio

from app.transport import versions
from app.transport.versions import UnsupportedLibraryError


def test_the_pinned_libraries_are_known():
    versions.check()


def test_whatever_changed_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(versions, "_RELEASES", {"gunicorn": "99."})
    monkeypatch.delattr(socketio.PubSubManager, "_publish")

    with pytest.raises(UnsupportedLibraryError) as error:
        versions.check()

    assert "gunicorn is 27" in str(error.value)
    assert "socketio:PubSubManager has no _publish" in str(error.value)
