"""The journal, the outbox, and notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_PLACE = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_SID = sa.String(64)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "events",
        sa.Column("place", _PLACE, primary_key=True, autoincrement=False),
        sa.Column("account_sid", _SID, nullable=False),
        sa.Column("call_sid", _SID, nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("events_of_call", "events", ["call_sid", "place"])
    op.create_table(
        "callbacks",
        sa.Column("place", _PLACE, primary_key=True, autoincrement=False),
        sa.Column("token", _SID, nullable=False),
        sa.Column("account_sid", _SID, nullable=False),
        sa.Column("call_sid", _SID, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Double, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("callbacks_by_token", "callbacks", ["token"], unique=True)
    op.create_index("callbacks_of_account", "callbacks", ["account_sid", "state", "place"])
    op.create_table(
        "notifications",
        sa.Column("place", _PLACE, primary_key=True, autoincrement=False),
        sa.Column("sid", _SID, nullable=False),
        sa.Column("account_sid", _SID, nullable=False),
        sa.Column("call_sid", _SID, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("notifications_of_call", "notifications", ["call_sid", "place"])
    op.create_index("notifications_of_account", "notifications", ["account_sid", "place"])


def downgrade() -> None:
    """Drop them."""
    for table in ("notifications", "callbacks", "events"):
        op.drop_table(table)
