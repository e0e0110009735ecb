"""Kamailio: the proxy that an operator puts in front, with its dispatcher.

    kamailio -f FOLDER/kamailio.cfg -P FOLDER/kamailio.pid -w FOLDER -m 32 -M 4 -DD -E

It asks the daemon with OPTIONS each second and sends it calls only while it answers 200.  Calls
that come from the daemon go on to the callee.  It stays in the path of every dialog (Record-Route).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.child import Child, is_bound, until

CONFIG = """
#!KAMAILIO
debug=2
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}

loadmodule "sl"
loadmodule "tm"
loadmodule "rr"
loadmodule "pv"
loadmodule "maxfwd"
loadmodule "siputils"
loadmodule "textops"
loadmodule "xlog"
loadmodule "dispatcher"

modparam("tm", "fr_timer", 2000)
modparam("rr", "enable_full_lr", 1)
modparam("dispatcher", "list_file", "{folder}/dispatcher.list")
modparam("dispatcher", "ds_ping_interval", 1)
modparam("dispatcher", "ds_probing_mode", 1)
modparam("dispatcher", "ds_ping_from", "sip:dispatcher@127.0.0.1")

request_route {{
	if (!mf_process_maxfwd_header("70")) {{
		sl_send_reply("483", "Too Many Hops");
		exit;
	}}
	if (is_method("CANCEL")) {{
		if (t_check_trans()) t_relay();
		exit;
	}}
	if (has_totag()) {{
		if (loose_route()) {{
			xlog("L_NOTICE", "loose $rm\\n");
			t_relay();
		}} else if (!is_method("ACK")) {{
			sl_send_reply("404", "Not Here");
		}}
		exit;
	}}
	if (!is_method("INVITE")) {{
		sl_send_reply("200", "OK");
		exit;
	}}
	t_check_trans();
	record_route();
	if ($sp == {b2bua}) {{
		$du = "sip:127.0.0.1:{callee}";
	}} else if (!ds_select_dst("1", "4")) {{
		sl_send_reply("503", "No Node");
		exit;
	}}
	t_relay();
}}

event_route[dispatcher:dst-up] {{
	xlog("L_NOTICE", "up $ru\\n");
}}

event_route[dispatcher:dst-down] {{
	xlog("L_NOTICE", "down $ru\\n");
}}
"""
INACTIVE_AND_PROBED = 9


class Kamailio:
    """One Kamailio between callers, the daemon at port `b2bua`, and the callee."""

    def __init__(
        self, reactor: Any, folder: Path, program: str, *, port: int, b2bua: int, callee: int
    ) -> None:
        self._reactor = reactor
        self._program = program
        self._folder = folder
        self._output = folder / "kamailio.log"
        self._child: Child | None = None
        self.port = port
        config = CONFIG.format(port=self.port, folder=folder, b2bua=b2bua, callee=callee)
        (folder / "kamailio.cfg").write_text(config.lstrip())
        destination = f"1 sip:127.0.0.1:{b2bua} {INACTIVE_AND_PROBED}\n"
        (folder / "dispatcher.list").write_text(destination)

    async def start(self) -> None:
        """Start it and wait until it listens."""
        command = [
            self._program, "-f", str(self._folder / "kamailio.cfg"), "-w", str(self._folder),
            "-P", str(self._folder / "kamailio.pid"), "-Y", str(self._folder),
            "-m", "32", "-M", "4", "-DD", "-E",
        ]  # fmt: skip
        self._child = Child(self._reactor, command, self._output, self._folder)

        async def is_listening() -> bool:
            assert self._child is not None
            return self._child.status is not None or is_bound(self.port)

        assert await until(self._reactor, is_listening, 10), self.told()
        assert self._child.status is None, self.told()

    async def until_told(self, what: str) -> None:
        """Wait until it has written `what`."""

        async def is_told() -> bool:
            return what in self.told()

        assert await until(self._reactor, is_told, 10), self.told()

    async def stop(self) -> None:
        """End it, children and all."""
        assert self._child is not None
        self._child.signal("TERM")
        await self._child.ended(10)

    def abort(self) -> None:
        """End it if it still runs: its own children die with it only if it is asked."""
        if self._child is not None:
            self._child.signal("TERM")

    def told(self) -> str:
        """Return everything it has written."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""
