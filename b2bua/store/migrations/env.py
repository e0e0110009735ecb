"""Runs migrations on the connection that `b2bua.store.database` hands over."""

from __future__ import annotations

from alembic import context

from b2bua.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite can't alter most of a table in place
)
with context.begin_transaction():
    context.run_migrations()
