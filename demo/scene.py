"""The call itself: daemon, application, SIPps and two ends of RTP, from the first to the last."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from traceback import extract_tb
from typing import Any

from twisted.internet.defer import CancelledError
from twisted.internet.process import reapProcessHandlers
from twisted.internet.task import deferLater

from demo.cast import DOCUMENTS, NUMBER, PHONES, WINNER, settings
from demo.evidence import Ear, Evidence
from demo.rtp import Endpoint
from tests.support.application import Application
from tests.support.child import until
from tests.support.daemon import TOKEN, Daemon
from tests.support.sipp import Sipp

TALK = 7.0  # seconds from the caller's ACK to its BYE: ringing, whisper and conversation
RING = 1.0  # seconds until the winner answers
HUSH = 0.3  # seconds of silence before the BYE, so that no packet is under way
LISTEN = 0.3  # seconds without speech after which the whisper is over
CALLBACKS = 9
PATIENCE = 5.0  # seconds for what should take none


class Scene:
    """One call on free loopback ports; `tell` is told how it goes."""

    def __init__(self, reactor: Any, folder: Path, tell: Callable[[str], None]) -> None:
        self._reactor = reactor
        self._tell = tell
        self._application = Application(reactor)
        self._ends = {name: Endpoint(reactor, name) for name in ("caller", WINNER.name)}
        for path, text in DOCUMENTS.items():
            self._application.serve(path, text)
        self._sipps = {
            phone.name: Sipp(
                reactor,
                folder,
                phone.scenario,
                hold=round(RING * 1000),
                rtp_port=self._ends[phone.name].port if phone is WINNER else 0,
            )
            for phone in PHONES
        }
        ports = {name: sipp.port for name, sipp in self._sipps.items()}
        self._daemon = Daemon(reactor, folder, settings(self._application.url("/voice"), ports))
        self._sipps["caller"] = Sipp(
            reactor,
            folder,
            "uac_call",
            target=self._daemon.sip_port,
            user=NUMBER,
            hold=round(TALK * 1000),
            rtp_port=self._ends["caller"].port,
        )
        caller, callee = self._ends["caller"], self._ends[WINNER.name]
        self.evidence = Evidence(
            asked=self._application.received,
            caller=Ear(caller.heard, callee.said),
            callee=Ear(callee.heard, caller.said),
            token=TOKEN,
        )

    async def play(self) -> None:
        """Place the call; what goes wrong is noted in the evidence."""
        try:
            await self._call()
            await self._afterwards()
        except AssertionError as problem:
            self.evidence.problem = _sentence(problem)
        except CancelledError:
            self.evidence.problem = "it took too long"
        self.evidence.log = [*map(_logged, self._daemon.told().splitlines())]
        for name, sipp in self._sipps.items():
            self.evidence.messages[name] = sipp.messages()
            self.evidence.log += [f"{name}: {line}" for line in sipp.errors().splitlines()[:5]]

    async def clear(self) -> None:
        """End whatever still runs."""
        for sipp in self._sipps.values():
            sipp.abort()
        self._daemon.abort()
        for end in self._ends.values():
            await end.close()
        await self._application.stop()
        await until(self._reactor, _are_reaped, PATIENCE)

    async def _call(self) -> None:
        self._tell(f"starting the daemon (twistd -n b2bua) on port {self._daemon.sip_port}")
        await self._start_daemon()
        self._tell("starting three phones (SIPp): one busy, one that never answers, one that does")
        for phone in PHONES:
            await self._sipps[phone.name].start()
        self._tell(f"the caller (SIPp) dials {NUMBER}")
        await self._sipps["caller"].start()
        await self._wait(lambda: self._media("caller") is not None, "the caller is answered")
        self._speak("caller")
        await self._wait(lambda: self._media(WINNER.name) is not None, f"{WINNER.name} answers")
        self._speak(WINNER.name)
        self._tell(f"{WINNER.name} has answered and hears the whisper; the caller hears ringing")
        await self._whisper()
        self._tell(f"{WINNER.name} presses 1")
        self._ends[WINNER.name].press(1)
        await self._wait(self._is_bridged, "the two are connected")
        self._tell("they talk: known RTP both ways through the relay")
        await self._until_the_end()
        self._tell("the caller hangs up")

    async def _start_daemon(self) -> None:
        try:
            await self._daemon.start()
        except AssertionError as problem:
            told = self._daemon.told().split("\n")
            last = next((line for line in reversed(told) if line), "it said nothing")
            raise AssertionError(f"the daemon did not start: {_logged(last)}") from problem

    async def _afterwards(self) -> None:
        for sipp in self._sipps.values():
            await sipp.finish()
        await self._wait(
            lambda: len(self._application.asked("/progress")) >= CALLBACKS, "every callback came"
        )
        await self._wait(lambda: bool(self._application.asked("/after")), "<Dial action> was asked")
        self._tell("waiting until the daemon has nothing left to count, and stopping it")
        await self._daemon.until_idle()
        self.evidence.is_idle = True
        await self._daemon.stop()
        self.evidence.is_stopped = True

    def _speak(self, name: str) -> None:
        place = self._media(name)
        assert place is not None
        self._ends[name].begin(place)

    def _media(self, name: str) -> tuple[str, int] | None:
        """Where SDP asked this party to send its RTP, once it has answered or been answered."""
        messages = self._sipps[name].messages()
        if not any(message.start.startswith("ACK") for message in messages):
            return None
        described = [each for each in messages if not each.is_sent and "m=audio" in each.body]
        return described[-1].media if described else None

    async def _whisper(self) -> None:
        end = self._ends[WINNER.name]

        def is_over() -> bool:
            return bool(end.heard) and self._reactor.seconds() - end.heard[-1].at > LISTEN

        await self._wait(is_over, "the whisper is spoken")

    def _is_bridged(self) -> bool:
        """Tell whether either end has just heard the other."""
        caller, callee = self._ends["caller"], self._ends[WINNER.name]
        return all(
            {packet.words for packet in listener.heard[-1:]}
            & {packet.words for packet in speaker.said[-10:]}
            for speaker, listener in ((caller, callee), (callee, caller))
        )

    async def _until_the_end(self) -> None:
        ack = self._sipps["caller"].messages(sent=True, method="ACK")[0]
        left = ack.at + TALK - HUSH - self._reactor.seconds()
        assert left > 0, "the conversation is too short to tell anything"
        await deferLater(self._reactor, left)
        for end in self._ends.values():
            end.hush()

    async def _wait(self, what: Callable[[], bool], claim: str) -> None:
        async def is_so() -> bool:
            return what()

        assert await until(self._reactor, is_so, PATIENCE), f"not within {PATIENCE:.0f} s: {claim}"


async def _are_reaped() -> bool:
    return not reapProcessHandlers


def _logged(line: str) -> str:
    """Return a line of the daemon's log without what nobody asked for."""
    try:
        fields = json.loads(line)
    except ValueError:
        return line
    known = {"time", "level", "event", "logger"}
    more = " ".join(f"{name}={value}" for name, value in fields.items() if name not in known)
    return f"{fields.get('level', '')}: {fields.get('event', '')} {more}".rstrip()


def _sentence(problem: AssertionError) -> str:
    """Return what was missed in a line: its words, or the line of code that has none."""
    said = str(problem).partition("\n")[0]
    return said or str(extract_tb(problem.__traceback__)[-1].line)
