"""log of revisions."""

import time

import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "room_revisions",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=300), nullable=False),
        sa.Column("command", sa.String(length=40), nullable=False),
        sa.Column("noticed_by", sa.String(length=40), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("bytes_until", sa.BigInteger(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), nullable=True),
        sa.Column("origin", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        # Last, for SQLite reads through it to reach what follows.
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "revision", name="pk_room_revisions"),
    )
    _begin_logs()
    op.create_index("ix_room_revisions_at", "room_revisions", ["at"])
    # After what takes long, for nobody can read rooms from here to the end. Not in a batch, nor below: to copy SQLite's table would be to delete it, and the
    # timers with it. The defaults stay for workers of the version before.
    for name in ("log_rows", "log_bytes"):
        op.add_column(
            "rooms",
            sa.Column(
                name, sa.BigInteger(), server_default=sa.text("0"), nullable=False
            ),
        )


def downgrade() -> None:
    op.drop_column("rooms", "log_bytes")
    op.drop_column("rooms", "log_rows")
    op.drop_index("ix_room_revisions_at", table_name="room_revisions")
    op.drop_table("room_revisions")


def _begin_logs() -> None:
    """Give each room that is there a first row, which holds its state."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    build = "json_object" if sqlite else "json_build_object"
    listed = "json_array" if sqlite else "json_build_array"
    gathered = "json_group_object" if sqlite else "json_object_agg"

    def identifier(column: str) -> str:
        if not sqlite:
            return f"CAST({column} AS text)"
        parts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        return " || '-' || ".join(f"substr({column}, {a}, {n})" for a, n in parts)

    room = f"""{listed}(NULL, {build}(
        'name', r.name, 'description', r.description,
        'currentTimerId', {identifier("r.current_timer_id")},
        'createdAt', r.created_at))"""
    timer = f"""{listed}(NULL, {build}(
        'title', t.title, 'description', t.description,
        'completionMessage', t.completion_message, 'position', t.position,
        'duration', t.duration, 'remaining', t.remaining, 'status', t.status,
        'startedAt', t.started_at, 'endsAt', t.ends_at))"""
    none = "json('{}')" if sqlite else "'{}'::json"
    as_json = "json" if sqlite else ""
    timers = f"""{as_json}(coalesce((SELECT {gathered}({identifier("t.id")}, {timer})
        FROM timers t WHERE t.room_id = r.id), {none}))"""
    # By this machine's clock, so that none is forgotten for the room's age. Not counted:
    # to count it in each room would lock them all.
    op.execute(
        sa.text(
            f"""INSERT INTO room_revisions (room_id, revision, at, actor, command,
                changes, number, bytes_until)
            SELECT r.id, r.revision, {time.time_ns() // 1_000_000}, 'migration',
                'begin-log', {build}('room', {room}, 'timers', {timers}), 0, 0
            FROM rooms r"""
        )
    )
