"""The migrations make what `schema.py` says, and PostgreSQL's URL is understood."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from b2bua.store.database import Database, StoreURLError, revision, upgrade
from b2bua.store.schema import HEAD, METADATA, Places


def test_the_migrations_make_the_tables_of_the_schema(tmp_path: Path) -> None:
    def differences(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))

    assert Database("sqlite://", tmp_path).read(differences) == []


def test_the_schema_names_the_last_migration(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.sqlite")
    assert revision(engine) is None
    upgrade(engine)
    assert revision(engine) == HEAD


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    database = Database("sqlite:///x.sqlite", tmp_path)
    database.read(lambda connection: connection.execute(sa.text("select 1")).scalar())
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.sqlite")
    with engine.begin() as connection:
        for table in ("contacts", "live_legs", "marks", "numbers", "recordings"):
            connection.execute(sa.text(f"drop table {table}"))
        connection.execute(sa.text("update alembic_version set version_num = '0001'"))
    again = Database("sqlite:///x.sqlite", tmp_path)
    tables = again.read(lambda connection: sa.inspect(connection).get_table_names())
    assert {"live_legs", "marks", "numbers"} <= {*tables}
    again.close()
    database.close()


def test_a_second_start_finds_its_tables(tmp_path: Path) -> None:
    for _ in range(2):
        database = Database("sqlite:///var/x.sqlite", tmp_path)
        assert database.read(lambda connection: connection.execute(sa.text("select 1")).scalar())
        database.close()
    assert (tmp_path / "var" / "x.sqlite").exists()


def test_sqlite_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    database = Database("sqlite:///x.sqlite", tmp_path)

    def mode(connection: sa.Connection) -> tuple[object, object]:
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        return journal, connection.exec_driver_sql("PRAGMA synchronous").scalar()

    assert database.read(mode) == ("wal", 1)
    database.close()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(StoreURLError, match="no folder for the store"):
        Database("sqlite:///var/x.sqlite", tmp_path)


def test_a_postgresql_url_opens_nothing_yet(tmp_path: Path) -> None:
    Database("postgresql://user:secret@127.0.0.1:1/b2bua", tmp_path)


def test_an_unknown_dialect_is_refused_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreURLError) as refused:
        Database("nosuch://user:secret@127.0.0.1/b2bua", tmp_path)
    assert "secret" not in str(refused.value)


def test_places_rise_although_the_clock_stands_still_or_is_set_back() -> None:
    times = iter([10.0, 10.0, 5.0, 20.0])
    places = Places(lambda: next(times))
    assert [places.next() for _ in range(4)] == [10_000_000, 10_000_001, 10_000_002, 20_000_000]
