"""What the signals of a daemon mean here.

SIGTERM and SIGINT drain and exit with status 0, where Twisted's own handler would let the process
die by the signal; SIGHUP reads the settings again.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from twisted.application.service import Service


class Signals(Service):
    """Takes the signals once the reactor runs, since the reactor installs its own before that."""

    def __init__(self, reactor: Any, reread: Callable[[], None]) -> None:
        self._reactor = reactor
        self._reread = reread
        self._stopping = False

    def startService(self) -> None:
        Service.startService(self)
        self._reactor.callWhenRunning(self._install)

    def _install(self) -> None:
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_hang_up)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._reactor.callFromThread(self._stop)

    def _on_hang_up(self, _number: int, _frame: FrameType | None) -> None:
        self._reactor.callFromThread(self._reread)

    def _stop(self) -> None:
        if not self._stopping:  # a second signal must not make the reactor complain
            self._stopping = True
            self._reactor.stop()
