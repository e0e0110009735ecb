"""baresip: a telephone of its own make, told what to do over its control port.

    baresip -f FOLDER -v

Its microphone is a file with one tone, so whoever hears that tone hears this phone.  What it hears
it writes to `dump-*-dec.wav` (its sndfile module).
"""

from __future__ import annotations

import json
import math
import wave
from array import array
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.protocols.basic import NetstringReceiver

from tests.support.child import Child, free_port, is_bound, until

CONFIG = """
net_interface 127.0.0.1
sip_listen 127.0.0.1:{sip}
rtp_ports 30000-31999
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module opus.so
module aufile.so
module sndfile.so
module_tmp uuid.so
module_tmp account.so
module ctrl_tcp.so
module_app menu.so
ctrl_tcp_listen 127.0.0.1:{control}
audio_source aufile,{folder}/voice.wav
audio_player aufile,{folder}/played.wav
audio_alert aufile,{folder}/alert.wav
snd_path {folder}
"""
RATE = 8_000
ACCOUNT = (
    "<sip:{name}@{home}{transport}>;regint={interval};answermode={mode};audio_codecs={codec}\n"
)


class Baresip:
    """One baresip.  `tone` is what it says all the time, in hertz.

    `certificate` is a file with a certificate and its key, for TLS, which it takes at `port` + 1.
    With `registrar`, a host and port, it registers there as `name` with `password`.
    """

    def __init__(
        self,
        reactor: Any,
        folder: Path,
        name: str,
        *,
        tone: int = 1000,
        answers: bool = True,
        codec: str = "PCMU/8000/1",
        transport: str = "udp",
        certificate: Path | None = None,
        registrar: str = "",
        password: str = "",
    ) -> None:
        self._reactor = reactor
        self._folder = folder
        self.name = name
        self.port = free_port()
        self._control_port = free_port()
        self._output = folder / "baresip.log"
        self._child: Child | None = None
        self._control = _Control()
        config = CONFIG.format(sip=self.port, control=self._control_port, folder=folder)
        shown = f"sip_certificate {certificate}\n" if certificate else ""
        (folder / "config").write_text(config + shown)
        (folder / "accounts").write_text(
            ACCOUNT.format(
                name=name,
                home=registrar or f"127.0.0.1:{self.port}",
                transport=f";transport={transport}",
                mode="auto" if answers else "manual",
                codec=codec,
                interval=f"60;auth_user={name};auth_pass={password}" if registrar else "0",
            )
        )
        (folder / "contacts").touch()
        _, rate, channels = codec.split("/")
        hum(folder / "voice.wav", tone, int(rate), int(channels))

    async def start(self) -> None:
        """Start it, and connect to its control port."""
        command = ["/usr/bin/env", "baresip", "-f", str(self._folder), "-v"]
        self._child = Child(self._reactor, command, self._output, self._folder)

        async def is_listening() -> bool:
            return is_bound(self.port) and is_bound(self._control_port)

        assert await until(self._reactor, is_listening, 10), self.told()
        endpoint = TCP4ClientEndpoint(self._reactor, "127.0.0.1", self._control_port)
        await connectProtocol(endpoint, self._control)

    async def do(self, command: str, parameters: str = "") -> str:
        """Give a command, wait for the answer to it, and return what it says."""
        token = self._control.ask(command, parameters)

        async def is_answered() -> bool:
            return token in self._control.answers

        assert await until(self._reactor, is_answered, 5), self.told()
        answer = self._control.answers[token]
        assert answer["ok"], answer
        return str(answer["data"])

    async def dial(self, port: int, user: str) -> None:
        """Call somebody on this machine."""
        await self.do("dial", f"sip:{user}@127.0.0.1:{port}")

    async def press(self, keys: str) -> None:
        """Press keys, as telephone-events (RFC 4733)."""
        for key in keys:
            await self.do("sndcode", key)

    async def until_told(self, event: str, times: int = 1, seconds: float = 10) -> list[str]:
        """Wait until it has told of an event (`CALL_ESTABLISHED`, ...); return what it said."""

        async def is_told() -> bool:
            return len(self.events(event)) >= times

        assert await until(self._reactor, is_told, seconds), (event, self._control.events)
        return self.events(event)

    def events(self, event: str) -> list[str]:
        """Return the parameters of each event of a type so far."""
        return [
            str(each.get("param", "")) for each in self._control.events if each["type"] == event
        ]

    async def quit(self) -> None:
        """Hang up and end it."""
        self._control.ask("quit", "")
        assert self._child is not None
        assert await self._child.ended(10) == 0, self.told()

    def heard(self) -> bytes:
        """Return what it heard in its last call: 16-bit PCM at 8 kHz.  Ask when it has ended."""
        return self._dumped("dec")

    def _dumped(self, kind: str) -> bytes:
        *_, newest = sorted(self._folder.glob(f"dump-*-{kind}.wav"))
        with wave.open(str(newest)) as file:
            assert file.getsampwidth() == 2
            samples = array("h", file.readframes(file.getnframes()))
            step = file.getframerate() // 8_000 * file.getnchannels()
        return samples[::step].tobytes()  # tones and speech here are far below 4 kHz

    def abort(self) -> None:
        """Kill it if it still runs."""
        self._control.leave()
        if self._child is not None:
            self._child.signal("KILL")

    def told(self) -> str:
        """Return everything it has written."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""


def hum(path: Path, hertz: int, rate: int, channels: int) -> None:
    """Write a minute of a tone to a WAV file; a phone hangs up when its file has ended."""
    samples = (round(8_000 * math.sin(math.tau * hertz * at / rate)) for at in range(rate))
    second = array("h", (sample for sample in samples for _ in range(channels)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(second.tobytes() * 60)


class _Control(NetstringReceiver):
    """Its module ctrl_tcp: JSON in netstrings, a token for each command."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any]] = {}
        self.events: list[dict[str, Any]] = []
        self._asked = 0

    def stringReceived(self, string: bytes) -> None:
        message = json.loads(string)
        if message.get("response"):
            self.answers[message.get("token", "")] = message
        else:
            self.events.append(message)

    def ask(self, command: str, parameters: str) -> str:
        """Send a command; return the token that its answer will have."""
        self._asked += 1
        question = {"command": command, "params": parameters, "token": str(self._asked)}
        self.sendString(json.dumps(question).encode())
        return question["token"]

    def leave(self) -> None:
        """Close the connection, if there is one."""
        if self.transport is not None:
            self.transport.abortConnection()  # type: ignore[attr-defined]
