"""One database, by its URL: SQLite in a file or in memory, or PostgreSQL.

`Database` blocks and belongs to one thread, that of `b2bua.store.writer`.  SQLite keeps a
write-ahead log and does not wait for the disk at each commit (WAL, synchronous=NORMAL): what was
committed survives the death of this process at any moment; the last of it may be lost with the
machine's power, and never leaves the file broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from b2bua.store.schema import HEAD, WRITES, Change

BUSY_SECONDS = 5
"""How long SQLite waits for another process, a backup for example, to let go of the file."""

Found = TypeVar("Found")


class StoreURLError(ValueError):
    """The store's URL can't be used; the text says why, without its password."""


class StoreAwayError(Exception):
    """The database can't be reached, or has no room; it may come back."""


class Database:
    """The database at `url`; a relative path of SQLite starts at `folder`.

    Raises:
        StoreURLError: the URL is not one, or its folder can't be made, or its driver is missing.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._engine = _engine(url, folder)
        # As the driver takes it: to let SQLAlchemy write it each time took as long as the rest.
        dialect = self._engine.dialect
        self._texts = [str(statement.compile(dialect=dialect)) for statement in WRITES]
        self._is_ready = False

    def write(self, changes: Sequence[Change]) -> int:
        """Make all changes in one transaction.

        Changes that the database will never take are left out, and the others are made one by one:
        returns how many were left out.

        Raises:
            StoreAwayError: nothing was written, or it can't be known; writing all again is right.
        """
        if not changes:
            return 0
        try:
            self._prepare()
            self._write_together(changes)
        except (IntegrityError, DataError):
            return self._write_one_by_one(changes)
        except (DBAPIError, sa.exc.TimeoutError, OSError) as problem:
            raise _away(problem) from problem
        except (SQLAlchemyError, ValueError, OverflowError):
            return self._write_one_by_one(changes)
        return 0

    def read(self, question: Callable[[sa.Connection], Found]) -> Found:
        """Return what `question` finds; it may write too, in the same transaction.

        Raises:
            StoreAwayError: the database can't be asked now.
        """
        try:
            self._prepare()
            with self._engine.begin() as connection:
                return question(connection)
        except (SQLAlchemyError, OSError) as problem:
            raise _away(problem) from problem

    def close(self) -> None:
        """Let go of the database; `write` and `read` would open it again."""
        self._engine.dispose()

    def _prepare(self) -> None:
        """Bring the tables up to date, once."""
        if self._is_ready:
            return
        if revision(self._engine) != HEAD:
            upgrade(self._engine)
        self._is_ready = True

    def _write_together(self, changes: Iterable[Change]) -> None:
        rows: dict[int, list[Any]] = {}
        for change in changes:
            rows.setdefault(_RANK[id(change.statement)], []).append(change.values)
        with self._engine.begin() as connection:
            for rank in sorted(rows):
                connection.exec_driver_sql(self._texts[rank], rows[rank])

    def _write_one_by_one(self, changes: Sequence[Change]) -> int:
        left_out = 0
        for change in sorted(changes, key=lambda each: _RANK[id(each.statement)]):
            try:
                with self._engine.begin() as connection:
                    connection.execute(change.statement, [change.values])
            except IntegrityError:
                continue  # it is there: its transaction had succeeded when the connection broke
            except (DBAPIError, OSError) as problem:
                if isinstance(problem, DataError):
                    left_out += 1
                    continue
                raise _away(problem) from problem
            except (SQLAlchemyError, ValueError, OverflowError):
                left_out += 1
        return left_out


_RANK = {id(statement): rank for rank, statement in enumerate(WRITES)}


def revision(engine: sa.Engine) -> str | None:
    """Return the last migration that the database has seen; it costs less than to ask Alembic."""
    version = sa.table("alembic_version", sa.column("version_num"))
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table(version.name):
            return None
        return connection.execute(sa.select(version.c.version_num)).scalar()


def upgrade(engine: sa.Engine) -> None:
    """Run the migrations that the database has not seen."""
    from alembic import command  # noqa: PLC0415 - half of its import is of use here alone
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _engine(url: str, folder: Path) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed, folder)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        return sa.create_engine(
            parsed, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=_PATIENCE
        )
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError) as problem:
        raise StoreURLError(f"the store's URL can't be used: {problem}") from problem
    except OSError as problem:
        raise StoreURLError(f"no folder for the store: {problem}") from problem


_PATIENCE = {"connect_timeout": 5}


def _sqlite(url: sa.URL, folder: Path) -> sa.Engine:
    if url.database in (None, "", ":memory:"):
        options: dict[str, Any] = {"poolclass": StaticPool}
    else:
        file = folder / str(url.database)
        file.parent.mkdir(parents=True, exist_ok=True)
        url = url.set(database=str(file))
        options = {"pool_size": 1, "max_overflow": 0}
    arguments = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    engine = sa.create_engine(url, connect_args=arguments, paramstyle="named", **options)
    sa.event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _away(problem: Exception) -> StoreAwayError:
    cause = getattr(problem, "orig", None) or problem
    return StoreAwayError(f"{type(cause).__name__}: {str(cause).strip()}")
