"""Many telephones on real ports: callers and callees joined by a daemon, talking all the while.

All callers share one SIP port, all callees another; each has an RTP port of its own.  What each
phone hears after its call was set up is kept, so that a test can say that there was nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import LoopingCall, deferLater

from b2bua.sip.message import Request, Response
from b2bua.sip.reader import read_datagram
from tests.support.child import until
from tests.support.ear import Ear
from tests.support.phone import Address, Phone

HOST = "127.0.0.1"
SECONDS_BETWEEN_PACKETS = 0.2


class AnsweringPhone(Phone):
    """Rings, answers, and agrees to every new offer."""

    def __init__(self, name: str, address: Address, server: Address, wire: Wire) -> None:
        self.heard: list[str] = []
        super().__init__(name, address, server, wire.send, lambda word, _: self.heard.append(word))
        self.vanished = False

    def hear(self, data: bytes) -> None:
        """Take one datagram, unless nobody is there any more."""
        if self.vanished:
            return
        if self._is_known(read_datagram(data)):
            self.ack()
            return
        was_called = self.invite is not None
        super().hear(data)
        if self.manual:
            return
        if self.reoffer is not None:
            self.answer(200)
        elif self.invite is not None and not was_called:
            self.answer(180)
            self.answer(200)

    def _is_known(self, message: object) -> bool:
        """Tell whether this is a 2xx that comes again, as on a busy machine its ACK is late."""
        final = self.final
        if final is None or not isinstance(message, Response) or not message.is_success:
            return False
        return message.cseq == final.cseq and message.cseq.method == "INVITE"

    @property
    def is_in_call(self) -> bool:
        """Whether its call has been answered, and acknowledged if it is the callee."""
        if self.sent_invite is not None:
            return self.final is not None
        return "ACK" in self.heard

    @property
    def media(self) -> Address:
        """Where it sends its RTP: what the daemon's description says."""
        message = self.final if self.sent_invite is not None else self.invite
        assert message is not None
        assert message.sdp is not None
        fields = message.sdp.decode().splitlines()
        port = next(line.split()[1] for line in fields if line.startswith("m="))
        return HOST, int(port)

    def text(self, method: str, body: str = "", content_type: str = "application/sdp") -> str:
        """Write the next request of the dialog without sending it."""
        self._number += 1
        return self._text(method, self.remote_target, body, content_type=content_type)

    def send(self, data: bytes) -> None:
        """Send what is no message of its own making."""
        self._send(data, self.server)

    def skip_to(self, number: int) -> None:
        """Give the next request a number above this."""
        self._number = number

    def text_of_answer(self, status: int) -> str:
        """Write a response to the INVITE that was received, without sending it."""
        kept: list[bytes] = []
        send, self._send = self._send, lambda data, _to: kept.append(data)
        assert self.invite is not None
        self._respond(self.invite, status, self.sdp())
        self._send = send
        return kept[0].decode()


class Wire(DatagramProtocol):
    """One SIP port, shared: each message goes to the phone of its Call-ID, or of its number."""

    noisy = False

    def __init__(self, reactor: Any) -> None:
        self._port = reactor.listenUDP(0, self, interface=HOST)
        self.phones: dict[str, AnsweringPhone] = {}

    @property
    def address(self) -> Address:
        """Where it is."""
        return HOST, int(self._port.getHost().port)

    def send(self, data: bytes, to: Address) -> None:
        """Send a datagram."""
        self.transport.write(data, to)  # type: ignore[union-attr]

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        message = read_datagram(datagram)
        if not isinstance(message, Request | Response):
            return  # the answer to something malformed repeats what was
        phone = self.phones.get(message.call_id)
        if phone is None and isinstance(message, Request) and message.method == "INVITE":
            called = str(message.uri).split(":", 1)[1].partition("@")[0]
            phone = self.phones.get(called)
            if phone is not None:
                self.phones[message.call_id] = phone
        if phone is not None:
            phone.hear(datagram)

    def forget(self, phones: Sequence[AnsweringPhone]) -> None:
        """Give no more messages to these phones."""
        self.phones = {name: one for name, one in self.phones.items() if one not in phones}

    async def close(self) -> None:
        """Give the port back."""
        await self._port.stopListening()


class Talk:
    """One call, and what its two ends have said and heard."""

    def __init__(
        self, number: int, caller: AnsweringPhone, callee: AnsweringPhone, ears: tuple[Ear, Ear]
    ) -> None:
        self.number, self.caller, self.callee = number, caller, callee
        self.ears = ears
        self.said = 0

    @property
    def phones(self) -> tuple[AnsweringPhone, AnsweringPhone]:
        """Caller and callee."""
        return self.caller, self.callee

    @property
    def is_up(self) -> bool:
        """Whether both ends are in the call."""
        return all(phone.is_in_call for phone in self.phones)

    def forget(self) -> None:
        """Begin to listen anew."""
        for phone in self.phones:
            phone.heard.clear()

    def say(self) -> None:
        """Let each end say one packet."""
        for end, (phone, ear) in enumerate(zip(self.phones, self.ears, strict=True)):
            ear.say(self._payload(end, self.said), self.said, phone.media)
        self.said += 1

    def losses(self) -> list[str]:
        """Return what did not arrive, or not as it was said, or what was heard besides."""
        name = f"call {self.number}"
        found = [f"{name}: heard {word}" for phone in self.phones for word in phone.heard]
        for end, ear in enumerate(self.ears):
            wanted = [self._payload(1 - end, number) for number in range(self.said)]
            got = [packet.payload for packet in ear.packets]
            if got != wanted:
                found.append(f"{name}: {len(got)} of {len(wanted)} packets at {end}")
        return found

    def _payload(self, end: int, number: int) -> bytes:
        return f"call {self.number}, end {end}, packet {number}".encode().ljust(160, b"\xff")


class Crowd:
    """All of them.  `port` is the callees' own, for the daemon's settings."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self.callers, self.callees = Wire(reactor), Wire(reactor)
        self.talks: list[Talk] = []
        self._placed = 0
        self._talking = LoopingCall(self._say)
        self._talking.clock = reactor
        self._who: Sequence[Talk] = ()

    @property
    def port(self) -> int:
        """The port at which all callees are."""
        return self.callees.address[1]

    def place(
        self,
        server: Address,
        number: str = "",
        prepare: Callable[[Talk], None] = lambda _: None,
    ) -> Talk:
        """Place one call, to its callee or to `number`, and let come what may.

        `prepare` is given the call's phones before that.
        """
        index = self._placed
        self._placed += 1
        caller = AnsweringPhone(f"caller{index}", self.callers.address, server, self.callers)
        callee = AnsweringPhone(f"callee{index}", self.callees.address, server, self.callees)
        ears = (Ear(self._reactor), Ear(self._reactor))
        caller.sdp_port, callee.sdp_port = ears[0].port, ears[1].port
        # A bad message of one phone must not become another's by a letter that is changed.
        caller.call_id = sha256(caller.name.encode()).hexdigest()
        self.callers.phones[caller.call_id] = caller
        self.callees.phones[callee.name] = callee
        talk = Talk(index, caller, callee, ears)
        self.talks.append(talk)
        prepare(talk)
        caller.call(number or callee.name)
        return talk

    async def call(self, count: int, server: Address) -> list[Talk]:
        """Set up `count` calls, fifty a second."""
        placed = []
        for _ in range(count):
            placed.append(self.place(server))
            await deferLater(self._reactor, 0.02)

        async def are_up() -> bool:
            return all(talk.is_up for talk in placed)

        assert await until(self._reactor, are_up, 20), [t.number for t in placed if not t.is_up]
        for talk in placed:
            talk.forget()
        return placed

    def talk(self, who: Sequence[Talk]) -> None:
        """Let these talk until `silence`."""
        self._who = who
        self._talking.start(SECONDS_BETWEEN_PACKETS)

    async def silence(self) -> None:
        """Let nobody talk any more, and what was said arrive."""
        if self._talking.running:
            self._talking.stop()
        await deferLater(self._reactor, 0.3)

    async def leave(self, talks: Sequence[Talk], seconds: float = 0.3) -> None:
        """Take these phones away; what is still under way to them has so many `seconds`."""
        await deferLater(self._reactor, seconds)
        for talk in talks:
            for wire in (self.callers, self.callees):
                wire.forget(talk.phones)
            for ear in talk.ears:
                await ear.close()
            self.talks.remove(talk)

    async def hang_up(self, talks: Sequence[Talk], seconds: float = 10) -> list[str]:
        """Let the callers hang up; return whose callee was not told."""
        for talk in talks:
            talk.forget()
            talk.caller.request("BYE")

        async def are_over() -> bool:
            return all("BYE" in talk.callee.heard for talk in talks)

        await until(self._reactor, are_over, seconds)
        return [
            f"call {talk.number}: {phone.heard}"
            for talk in talks
            for phone, wanted in ((talk.caller, []), (talk.callee, ["BYE"]))
            if [*dict.fromkeys(phone.heard)] != wanted  # a busy machine makes them come twice
        ]

    async def close(self) -> None:
        """Give all ports back."""
        await self.silence()
        for talk in self.talks:
            for ear in talk.ears:
                await ear.close()
        await self.callers.close()
        await self.callees.close()

    def _say(self) -> None:
        for talk in self._who:
            talk.say()
