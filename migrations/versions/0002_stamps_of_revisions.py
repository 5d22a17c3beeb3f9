"""stamps of revisions."""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The default stays: workers of the version before insert rooms without a stamp.
    # Not in a batch, nor below: to copy SQLite's table would be to delete it, and the
    # timers with it.
    op.add_column(
        "rooms",
        sa.Column(
            "stamp", sa.String(length=6), server_default="000000", nullable=False
        ),
    )


def downgrade() -> None:
    op.drop_column("rooms", "stamp")
