"""What was recorded of calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_SID = sa.String(64)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "recordings",
        sa.Column("place", _PLACE, primary_key=True, autoincrement=False),
        sa.Column("sid", _SID, nullable=False),
        sa.Column("account_sid", _SID, nullable=False),
        sa.Column("call_sid", _SID, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("recordings_by_sid", "recordings", ["sid"], unique=True)
    op.create_index("recordings_of_account", "recordings", ["account_sid", "place"])
    op.create_index("recordings_of_call", "recordings", ["call_sid", "place"])
    op.create_index("recordings_by_status", "recordings", ["status", "place"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("recordings")
