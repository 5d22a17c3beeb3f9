"""The Flask extensions, created unbound; `create_app` binds them.

Socket.IO is not among them: an unbound `SocketIO()` keeps the first application's
message queue when it is bound a second time.
"""

from typing import TYPE_CHECKING, Any

from flask import current_app, request
from flask_cors import CORS
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The declarative base; its constraint names are what migrations refer to."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# What a command loaded stays readable after its commit without another query: the
# answer and the broadcast are made of it.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


migrate = Migrate()
jwt = JWTManager()
cors = CORS()


class _Limiter(Limiter):
    """The limiter, which leaves routes alone that count themselves.

    It would look for what may count at each request, although nothing does.
    """

    def _check_request_limit(
        self, callable_name: str | None = None, in_middleware: bool = True
    ) -> None:
        view = current_app.view_functions.get(request.endpoint or "")
        if not in_middleware or not getattr(view, "counts_itself", False):
            super()._check_request_limit(callable_name, in_middleware)


limiter = _Limiter(key_func=lambda: str(wired("counted")()))


def wired(name: str) -> Any:
    """Return the part that `create_app` wired into the current application."""
    return current_app.extensions[name]
