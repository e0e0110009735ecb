"""Legs that are not over, the moments of a daemon, and incoming phone numbers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_SID = sa.String(64)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "live_legs",
        sa.Column("place", _PLACE, primary_key=True, autoincrement=False),
        sa.Column("call_sid", _SID, nullable=False),
    )
    op.create_index("live_legs_by_sid", "live_legs", ["call_sid"])
    marks = op.create_table(
        "marks",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("at", sa.Double, nullable=False),
    )
    op.bulk_insert(marks, [{"name": "alive", "at": 0.0}])
    op.create_table(
        "numbers",
        sa.Column("place", _PLACE, primary_key=True, autoincrement=False),
        sa.Column("sid", _SID, nullable=False),
        sa.Column("account_sid", _SID, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("numbers_by_sid", "numbers", ["sid"])


def downgrade() -> None:
    """Drop them."""
    for table in ("numbers", "marks", "live_legs"):
        op.drop_table(table)
