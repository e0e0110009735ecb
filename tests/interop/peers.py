"""What every test with somebody else's program needs: is it here, and a stage to stop it on."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted

from tests.interop.baresip import Baresip
from tests.interop.kamailio import Kamailio
from tests.interop.linphone import Linphone
from tests.sipp.stage import Stage
from tests.support.child import Child


def found(program: str) -> str | None:
    """Return the path of a program: in our virtual environment, on the path, or in a sbin."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(program, path=beside) or shutil.which(program) or _in_sbin(program)


def _in_sbin(program: str) -> str | None:
    return shutil.which(program, path="/usr/local/sbin:/usr/sbin")


def interop(
    package: str, *programs: str
) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Any]:
    """Mark a coroutine as a test with `programs`; skip it, saying `package`, if one is missing."""
    missing = [program for program in programs if found(program) is None]
    skip = pytest.mark.skipif(
        bool(missing), reason=f"{', '.join(missing)} is not installed: it is in {package}"
    )

    def decorate(test: Callable[..., Coroutine[Any, Any, None]]) -> Any:
        decorated: Any = pytest_twisted.ensureDeferred(test)
        for mark in (pytest.mark.interop, pytest.mark.real, skip):
            decorated = mark(decorated)
        return decorated

    return decorate


class Company(Stage):
    """A stage with guests: whatever of them still runs after the test is stopped."""

    def __init__(self, reactor: Any, folder: Path) -> None:
        super().__init__(reactor, folder)
        self._guests: list[Baresip | Kamailio | Linphone] = []
        self._runs = 0

    async def baresip(self, name: str, **options: Any) -> Baresip:
        """Return a baresip that takes calls and commands."""
        phone = Baresip(self.reactor, self._room(name), name, **options)
        self._guests.append(phone)
        await phone.start()
        return phone

    async def linphone(self, name: str, **options: Any) -> Linphone:
        """Return a Linphone that registers."""
        phone = Linphone(self.reactor, self._room(name), name, **options)
        self._guests.append(phone)
        await phone.start()
        return phone

    async def kamailio(self, **options: Any) -> Kamailio:
        """Return a Kamailio that forwards."""
        proxy = Kamailio(self.reactor, self._room("kamailio"), str(found("kamailio")), **options)
        self._guests.append(proxy)
        await proxy.start()
        return proxy

    async def run(self, *command: str, seconds: float = 30) -> tuple[int, str]:
        """Run a program to its end; return its exit status and all it has said."""
        self._runs += 1
        said = self.folder / f"{Path(command[0]).name}-{self._runs}.out"
        path = found(command[0])
        assert path is not None
        child = Child(
            self.reactor, [path, *command[1:]], said, self.folder, {"HOME": str(self.folder)}
        )
        status = await child.ended(seconds)
        return status, said.read_text(errors="replace")

    async def clear(self) -> None:
        """Stop whatever a failed test has left."""
        for guest in self._guests:
            guest.abort()
            print(guest.told())  # pytest shows it beside a failure
        await super().clear()

    def _room(self, name: str) -> Path:
        room = self.folder / name
        room.mkdir()
        return room
