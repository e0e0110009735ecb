"""Linphone's console: a telephone that registers, and answers whoever calls.

linphonec -c FOLDER/linphonerc -a
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.child import Child, free_port

CONFIG = """
[sip]
sip_port={port}
sip_tcp_port={port}
default_proxy=0
[rtp]
audio_rtp_port={rtp}
[proxy_0]
reg_proxy=<sip:{registrar};transport={transport}>
reg_identity=sip:{name}@127.0.0.1
reg_expires=120
reg_sendregister=1
[auth_info_0]
username={name}
passwd={password}
realm=b2bua
domain=127.0.0.1
"""


class Linphone:
    """One Linphone, registered as `name` at `registrar`, a host and port."""

    def __init__(
        self,
        reactor: Any,
        folder: Path,
        name: str,
        *,
        registrar: str,
        password: str,
        transport: str = "udp",
    ) -> None:
        self._reactor, self._folder = reactor, folder
        self._output = folder / "linphone.log"
        self._child: Child | None = None
        # Without the folder of its database it opens no port.
        (folder / ".local" / "share" / "linphone").mkdir(parents=True)
        (folder / "linphonerc").write_text(
            CONFIG.format(
                port=free_port(),
                rtp=free_port(),
                registrar=registrar,
                transport=transport,
                name=name,
                password=password,
            )
        )

    async def start(self) -> None:
        """Start it; it registers by itself."""
        command = ["/usr/bin/env", "linphonec", "-c", str(self._folder / "linphonerc"), "-a"]
        home = {"HOME": str(self._folder)}
        self._child = Child(self._reactor, command, self._output, self._folder, home)

    def abort(self) -> None:
        """End it."""
        if self._child is not None:
            self._child.signal("KILL")

    def told(self) -> str:
        """Return everything it has written."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""
