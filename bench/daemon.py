"""Our daemon as an operator starts it, and what of its settings the bench changes.

Only sizes and addresses: nothing is switched off.  Media ports keep clear of SIPp's, held calls
may be silent, and the store is a file as it is by default.
"""

from __future__ import annotations

import sys
import urllib.request
from pathlib import Path

from bench.processes import MEASURED_CORE, LostRunError, Program, Programs, until
from tests.support.child import free_port

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[1]
MEDIA_PORTS = (40_000, 49_998)
SETTINGS = """
[sip]
listen = ["udp:127.0.0.1:{sip}"]
[media]
ports = "{low}-{high}"
allow = ["127.0.0.0/8"]
timeout = 86400
[http]
listen = "127.0.0.1:{http}"
[webhooks]
allow = ["127.0.0.0/8"]
[service]
drain = 0
[limits]
calls = 20000
[[accounts]]
sid = "AC00000000000000000000000000000001"
auth_token = "0123456789abcdef"
[[trunks]]
name = "everybody"
uri = "sip:127.0.0.1:{callee}"
inbound_from = ["127.0.0.0/8"]
"""
STATIC = """
[[numbers]]
number = "*"
router = "static"
targets = ["sip:{{user}}@127.0.0.1:{callee}"]
"""
RCML = """
[[numbers]]
number = "*"
router = "rcml"
voice_url = "{voice_url}"
"""


class Daemon:
    """One daemon, which rings the port `callee`, or asks `voice_url` what to do."""

    def __init__(
        self,
        programs: Programs,
        callee: int,
        *,
        voice_url: str = "",
        media_ports: tuple[int, int] = MEDIA_PORTS,
    ) -> None:
        """Start it, and wait until it takes calls.

        Raises:
            LostRunError: it does not.
        """
        self.port, self._http = free_port(), free_port()
        folder = programs.folder / f"daemon-{self.port}"
        folder.mkdir()
        low, high = media_ports
        text = SETTINGS + (RCML if voice_url else STATIC)
        text = text.format(
            sip=self.port, http=self._http, callee=callee, low=low, high=high, voice_url=voice_url
        )
        (folder / "settings.toml").write_text(text)
        twistd = [Path(sys.executable).with_name("twistd"), "-n", "--pidfile=", "-l", "-"]
        self.program: Program = programs.start(
            folder.name,
            [*twistd, "b2bua", "--settings", folder / "settings.toml"],
            MEASURED_CORE,
            environment={"PYTHONPATH": str(ROOT)},
        )
        until(self._is_decided, 20, "b2bua does not start")
        if not self.program.is_running:
            raise LostRunError(self.program.told())

    def _is_decided(self) -> bool:
        if not self.program.is_running:
            return True
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self._http}/healthz", timeout=2) as reply:
                return bool(reply.status == 200)
        except OSError:
            return False
