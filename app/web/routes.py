"""What a person opens in a browser."""

from pathlib import Path

import flask_swagger_ui
from flask import Blueprint, Response, redirect, render_template, send_from_directory
from werkzeug.wrappers import Response as BaseResponse

from app.auth.access import Access, allow
from app.auth.ratelimits import unlimited

web = Blueprint("web", __name__, template_folder="templates")

_STATIC = Path(__file__).parent / "static"
_SWAGGER_UI = Path(flask_swagger_ui.__file__).parent / "dist"


@web.get("/")
@unlimited
@allow(Access.ANYONE)
def home() -> BaseResponse:
    """Lead a newcomer to the description of the API."""
    return redirect("/api/docs")


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
    return send_from_directory(_SWAGGER_UI, name, max_age=3600)


@web.get("/static/<path:name>")
@unlimited
@allow(Access.ANYONE)
def static(name: str) -> Response:
    """Serve what the pages load."""
    return send_from_directory(_STATIC, name, max_age=3600)
