"""What a person opens in a browser."""

from pathlib import Path

import flask_swagger_ui
from flask import (
    Blueprint,
    Response,
    make_response,
    render_template,
    request,
    send_from_directory,
)

from app.auth.access import Access, allow
from app.auth.ratelimits import unlimited

web = Blueprint("web", __name__, template_folder="templates")

_STATIC = Path(__file__).parent / "static"
_SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"
# The build names these after what is in them, so that they never change.
_UNCHANGING = "build/chunk-"
_YEAR_SECONDS = 365 * 24 * 60 * 60


@web.get("/")
@unlimited
@allow(Access.ANYONE)
def home() -> Response:
    """Let a person create a room, or find one that this browser created."""
    return _page("home", "Live Timer")


@web.get("/r/<share_token>")
@unlimited
@allow(Access.ANYONE)
def viewer(share_token: str) -> Response:  # noqa: ARG001 - the page's script reads it
    """Show the room's current timer over the whole screen."""
    return _page("viewer", "Live Timer")


@web.get("/r/<share_token>/operate")
@unlimited
@allow(Access.ANYONE)
def operate(share_token: str) -> Response:  # noqa: ARG001 - as above
    """Show the desk; what may be done there, each command's token says."""
    return _page("operate", "Live Timer: operator's desk")


@web.get("/api/docs")
@unlimited
@allow(Access.ANYONE)
def api_docs() -> str:
    """Show the OpenAPI document in a browser."""
    return render_template("api-docs.html")


@web.get("/api/docs/<path:name>")
@unlimited
@allow(Access.ANYONE)
def swagger_ui(name: str) -> Response:
    """Serve Swagger UI from its package, so that no other host is asked."""
    return _file(_SWAGGER_UI, name, 3600)


@web.get("/static/<path:name>")
@unlimited
@allow(Access.ANYONE)
def static(name: str) -> Response:
    """Serve what the pages load; browsers ask again for what an update may change."""
    kept = _YEAR_SECONDS if name.startswith(_UNCHANGING) else None
    response = _file(_STATIC, name, kept)
    # Modules load across origins only where that is allowed: other people's pages use
    # the client and the element. What they may ask the API for, CORS_ORIGIN says.
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _file(folder: Path, name: str, max_age: int | None) -> Response:
    # No ranges: the entity tag is the same with and without compression, so that a part
    # of the one form could be taken for a part of the other.
    response = send_from_directory(folder, name, max_age=max_age, conditional=False)
    response.make_conditional(request)
    return response


def _page(script: str, title: str) -> Response:
    # The pages are the same for every room: the state comes by the client's own ways,
    # and who has no business in a room learns nothing here.
    built = (_STATIC / "build" / f"{script}.js").exists()
    page = render_template("page.html", script=script, title=title, built=built)
    response = make_response(page)
    response.headers["Cache-Control"] = "no-cache"
    return response
