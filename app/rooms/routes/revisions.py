"""A room's log over HTTP; a part of the blueprint of rooms."""

import uuid
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

from app.auth.access import Access, allow, current_identity
from app.errors import Forbidden, Unauthenticated
from app.extensions import wired
from app.rooms.log import Entry, Log, told
from app.rooms.routes.rooms import rooms
from app.rooms.schemas import AfterQuery, RevisionPage, RevisionsQuery

NDJSON = "application/x-ndjson"


@rooms.get("/<uuid:room_id>/revisions")
@allow(Access.OPERATOR)
@rooms.arguments(RevisionsQuery, location="query")
@rooms.response(200, RevisionPage)
@rooms.refuses(Unauthenticated, Forbidden, 422, 429)
def list_revisions(query: dict[str, int], room_id: uuid.UUID) -> Response:
    """List revisions of a room: who did what, and what it changed.

    In ascending order: the first ones after the revision `after`, or else the newest.
    A page holds up to `limit` revisions and about 256 kB; `more` says that it left out
    some, newer ones with `after`, older ones without.
    """
    log = _readable(room_id)
    after, limit = query.get("after"), query["limit"]
    page = (
        log.newest(room_id, limit)
        if after is None
        else log.after(room_id, after, limit)
    )
    revisions = ",".join(_told(page.entries, room_id))
    more = "true" if page.more else "false"
    body = f'{{"revisions":[{revisions}],"more":{more}}}'
    return Response(body, content_type="application/json")


@rooms.get("/<uuid:room_id>/revisions.ndjson")
@allow(Access.OPERATOR)
@rooms.arguments(AfterQuery, location="query")
@rooms.response(
    200, {"type": "string"}, content_type=NDJSON, description="One revision a line."
)
@rooms.refuses(Unauthenticated, Forbidden, 422, 429)
def download_revisions(query: dict[str, int], room_id: uuid.UUID) -> Response:
    """Download all revisions of a room, or those after one, one JSON object a line."""
    log = _readable(room_id)
    # Read while the client takes it, a page at a time. Nothing is held meanwhile but
    # the page.
    pages = log.pages(room_id, query.get("after", 0))
    response = Response(_lines(pages, room_id), content_type=NDJSON)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="room-{room_id}.ndjson"'
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _lines(pages: Iterable[Sequence[Entry]], room_id: uuid.UUID) -> Iterator[bytes]:
    for entries in pages:
        yield "".join(f"{line}\n" for line in _told(entries, room_id)).encode()


def _readable(room_id: uuid.UUID) -> Log:
    log: Log = wired("log")
    if not log.may_read(current_identity(), room_id):
        raise Forbidden
    return log


def _told(entries: Iterable[Entry], room_id: uuid.UUID) -> Iterator[str]:
    return (entry.as_json(told(entry.actor, room_id)) for entry in entries)
