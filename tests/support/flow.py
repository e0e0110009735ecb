"""Plays `.flow` files: whole calls as ladders, on a virtual clock and a network in memory.

A line is a time in seconds, an actor, and what it says (`->`) or hears (`<-`):

    phone b1 101                     # who rings when 101 is dialled (`manual`: does nothing itself)
    doc /voice <Response>...</Response>
    client bob b1 b2 [manual]        # the phones that bob has registered; none: he has no phone
    limit call_legs 5                # a setting of [limits]
    silent                           # phones send no media, which is noticed; else they do
    sip session_expires = 300        # a setting of [sip]; other sections by their names
    0.00  a    -> INVITE 100
    0.00  b1   <- INVITE from=+15550009999
    0.50  b1   -> 180
    2.00  b1   -> key 1              # a telephone-event
    0.50  web  <- POST /status CallStatus=ringing CallSid=b1
    2.00  media <- a link            # what a phone would notice of its media
    0.00  api  -> create To=...      # the REST API (flow_api.py)

What is said drives the call.  What is heard must be exactly what each actor heard, in that order
and at those times (within 25 ms); of particulars, those that are written must be so.
"""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import Any

from twisted.internet.protocol import DatagramProtocol
from twisted.internet.task import Clock

from b2bua.app.equipment import Equipment
from b2bua.app.media_policy import MediaPolicy
from b2bua.app.plugins import make_routers
from b2bua.app.settings import settings_from_text
from b2bua.app.switchboard import Switchboard
from b2bua.callbacks.delivery import Callbacks
from b2bua.callbacks.http import HttpSink
from b2bua.net.driver import Driver
from b2bua.routing.interfaces import Site
from b2bua.routing.plan import Ask
from b2bua.sip.nexthop import Hop
from b2bua.sip.registrar.binding import Binding
from b2bua.sip.transaction.timers import Timers
from b2bua.sip.uri import Uri
from tests.support.fake_web import FakeWeb
from tests.support.flow_api import ApiActor
from tests.support.flow_line import Line, compare
from tests.support.flow_site import Counted, Speaker
from tests.support.memory_relay import MemoryRelay
from tests.support.memory_tapes import MemoryTapes
from tests.support.network import MemoryConnections, MemoryNetwork
from tests.support.phone import Address, Phone

SERVER: Address = ("192.0.2.1", 5060)
TRUNK: Address = ("192.0.2.2", 5060)
CALLER: Address = ("192.0.2.3", 5060)
HOST = "http://app.example"

SETTINGS = """
[[accounts]]
sid = "AC1"
auth_token = "secret"
caller_ids = {callers}
[[trunks]]
name = "carrier"
uri = "sip:192.0.2.2:5060"
inbound_from = ["192.0.2.0/24"]
asserted_identity = {asserted}
[[numbers]]
number = "100"
router = "rcml"
voice_url = "http://app.example/voice"
voice_fallback_url = "{fallback}"
status_callback = "{status}"
status_callback_event = "initiated ringing answered completed"
[[numbers]]
number = "*"
router = "static"
targets = ["sip:{{user}}@192.0.2.2:5060"]
"""


USER = '[[users]]\nname = "{}"\npassword = "secret"\n'


class Flow:
    """One flow: reads the file, plays what is said, and keeps what was heard."""

    delay = 0.0
    """How long every datagram takes, in seconds."""

    def __init__(self, text: str, clock: Clock) -> None:
        self.clock = clock
        self.heard: list[Line] = []
        self.wanted: list[Line] = []
        self._said: list[tuple[float, str, list[str]]] = []
        self._phones: dict[str, Phone] = {}
        self._by_number: dict[str, Phone] = {}
        self._web = _NotedWeb(clock, self)
        self._options: dict[str, str] = {
            "fallback": "",
            "status": "",
            "callers": '["*"]',
            "asserted": "false",
        }
        self._is_silent = False
        self._sections: dict[str, list[str]] = {}
        self._names = {f"CA{1:032x}": "a"}
        self._of_clients: dict[str, str] = {}
        self._users: list[str] = []
        self._limits = ["[limits]"]
        for number, line in enumerate(text.splitlines(), 1):
            self._read(number, line.split(" #")[0].strip())
        self._build()

    def play(self) -> None:
        """Say everything at its time, and let what follows happen."""
        for at, actor, words in sorted(self._said, key=lambda said: said[0]):
            self._advance_to(at)
            self._say(actor, words)
            self.clock.advance(0)
        last = max([line.at for line in self.wanted] + [at for at, _, _ in self._said])
        self._advance_to(last + 0.01)

    def drain(self) -> None:
        """Let every timer of SIP run out: what is left then is a leak."""
        self.equipment.registrations.stop()
        self._advance_to(self.clock.seconds() + 70)

    def complaints(self) -> list[str]:
        """Return what was heard and not wanted, or wanted and not heard, actor by actor."""
        found: list[str] = []
        listeners = dict.fromkeys(line.listener for line in [*self.wanted, *self.heard])
        for listener in listeners:
            wanted = [line for line in self.wanted if line.listener == listener]
            heard = [line for line in self.heard if line.listener == listener]
            found += compare(wanted, heard)
        return found

    def leftovers(self) -> dict[str, Any]:
        """Return every gauge that is not 0 although it should be when idle."""
        counters = {
            **self.switchboard.counters(),
            **self.driver.transactions,
            "media": self.relay.ports_in_use,
            "clocks": self.switchboard.clocks,
            "queued": len(self.api.exchange),
            "callbacks": self.callbacks.pending,
            "recordings": len(self.tapes),
        }
        totals = ("calls_total", "refused", "malformed", "contacts")
        return {name: value for name, value in counters.items() if value and name not in totals}

    # How a flow is read.

    def _read(self, number: int, line: str) -> None:
        if not line or line.startswith("#"):
            return
        words = line.split()
        match words:
            case ["phone", name, dialled, *traits]:
                self._by_number[dialled] = self._phones[name] = self._phone(name)
                self._phones[name].manual = "manual" in traits
            case ["client", user, *names]:
                self._users.append(user)
                self._of_clients |= dict.fromkeys((n for n in names if n != "manual"), user)
                for name in self._of_clients:
                    self._by_number[name] = self._phones[name] = self._phone(name)
                    self._phones[name].manual = "manual" in names
            case ["caller", *traits]:
                self._phones["a"] = self._phone("a")
                self._phones["a"].manual = "manual" in traits
            case ["doc", path, *_]:
                self._web.serve(HOST + path, line.split(None, 2)[2] if len(words) > 2 else "")
            case ["fail", path, status]:
                self._web.serve(HOST + path, "", status=int(status))
            case ["slow", path, seconds]:
                self._web.delays[HOST + path] = float(seconds)
            case ["limit", name, figure]:
                self._limits.append(f"{name} = {figure}")
            case ["silent"]:
                self._is_silent = True
            case [("sip" | "limits") as section, _, "=", *_]:
                self._sections.setdefault(section, []).append(line.split(None, 1)[1])
            case ["number", *settings]:
                self._options |= dict(one.split("=", 1) for one in settings)
            case [at, actor, "->", *rest]:
                self._said.append((float(at), actor, rest))
            case [at, actor, "<-", *rest]:
                told = [word for word in rest if "=" not in word]
                about = dict(word.split("=", 1) for word in rest if "=" in word)
                self.wanted.append(Line(float(at), actor, " ".join(told), about))
            case _:
                raise ValueError(f"line {number}: {line}")

    def _phone(self, name: str) -> Phone:
        address = CALLER if name == "a" else TRUNK
        phone = Phone(
            name,
            address,
            SERVER,
            lambda data, to: self.network.carry(data, address, to),
            lambda word, about: self._note(name, word, about),
        )
        phone.sdp_port = 40_000 + 10 * len(self._phones)
        return phone

    def _build(self) -> None:
        clock = self.clock
        if "a" not in self._phones:
            self._phones["a"] = self._phone("a")
        self.network = MemoryNetwork(clock, delay=self.delay)
        self.network.listen(CALLER, _Wall(self._to_caller))
        self.network.listen(TRUNK, _Wall(self._to_callee))
        self.relay = MemoryRelay(clock, self._note_media, watches=self._is_silent)
        self.switchboard = Switchboard()
        connections = MemoryConnections(self.network, *SERVER)
        branches = count(1)
        timers = Timers()
        self.driver = Driver(
            clock,
            connections,
            self.switchboard,
            timers,
            lambda: f"b{next(branches)}",
            refuse=self.switchboard.refusal,
        )
        users = "".join(USER.format(user) for user in self._users)
        self.settings = settings = settings_from_text(
            "\n".join([*self._limits, ""])
            + users
            + SETTINGS.format(
                **{
                    name: HOST + path if path.startswith("/") else path
                    for name, path in self._options.items()
                }
            )
            + "".join(
                "\n".join([f"[{section}]", *lines, ""]) for section, lines in self._sections.items()
            )
        )
        entropy = Counted()
        self.callbacks = Callbacks(clock, HttpSink(self._web), random_=entropy.fraction)
        self.tapes = MemoryTapes(clock, self.relay, self.callbacks, entropy).tapes
        self.equipment = equipment = Equipment(
            clock=clock,
            wall=lambda: 1_282_266_822 + clock.seconds(),
            settings=settings,
            driver=self.driver,
            local_for=connections.local_for,
            backend=self.relay,
            voice=Speaker(),
            events=self.callbacks,
            web=self._web,
            timers=timers,
            tapes=self.tapes,
            entropy=entropy,
        )
        equipment.registrations.restore(
            bound(user, name, TRUNK) for name, user in self._of_clients.items()
        )
        routers = make_routers(settings, Site(clock=clock, web=self._web))
        policy = MediaPolicy(settings, [SERVER[0]], [SERVER[1]])
        self.switchboard.equip(equipment, routers, policy)
        self.api = ApiActor(equipment, self.switchboard, HOST, self._note)
        self.relay.start(self.switchboard.noticed)
        connections.start(self.driver.message_received)

    # How it is played.

    def _advance_to(self, at: float) -> None:
        """Advance in the steps that timers ask for, so that each is on time."""
        while self.clock.getDelayedCalls():
            soonest = min(call.getTime() for call in self.clock.getDelayedCalls())
            if soonest > at:
                break
            self.clock.advance(max(0.0, soonest - self.clock.seconds()))
        self.clock.advance(max(0.0, at - self.clock.seconds()))

    def _say(self, actor: str, words: list[str]) -> None:
        if actor == "api":
            self.api.say(words)
            return
        phone = self._phones[actor]
        words = [self._replacing(word) for word in words]
        if words[0] == "key":
            self.relay.key(self._stream_of(phone), words[1])
        elif words[0] == "again":
            phone.again()
        elif words[0] == "vanish":
            phone.hear = lambda data: None  # type: ignore[method-assign]
        else:
            phone.say(words)

    def _replacing(self, word: str) -> str:
        """Return the trait `replaces=PHONE` with the dialog of that phone in its place."""
        name, _, other = word.partition("=")
        known = name == "replaces" and other in self._phones
        return f"replaces={self._phones[other].dialog_id}" if known else word

    def _stream_of(self, phone: Phone) -> int:
        for stream, state in self.relay.streams.items():
            if state.aim is not None and state.aim.port == phone.sdp_port:
                return stream
        raise LookupError(f"no stream is aimed at {phone.name}")

    def _to_caller(self, data: bytes) -> None:
        self._phones["a"].hear(data)

    def _to_callee(self, data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        call_id = re.search(r"^Call-ID: (.*)\r$", text, re.MULTILINE)
        number = re.match(r"INVITE sips?:([^@;]+)@", text)
        in_call = [
            phone
            for phone in self._phones.values()
            if call_id and phone.has_dialog and phone.call_id == call_id.group(1)
        ]
        # Of the phones of one user, which share a Call-ID, the one that is named.
        named = [one for one in in_call if f":{one.name}@" in text or one.local_tag in text]
        if in_call and not (number and number.group(1) in self._of_clients):
            (named or in_call)[0].hear(data)
        elif number and number.group(1) in self._by_number:
            self._by_number[number.group(1)].hear(data)

    # What is heard.

    def _note(self, actor: str, word: str, about: dict[str, str]) -> None:
        self.heard.append(Line(self.clock.seconds(), actor, word, about))

    def _note_media(self, stream: int, word: str) -> None:
        aim = self.relay.streams[stream].aim
        for phone in self._phones.values():
            if aim is not None and aim.port == phone.sdp_port:
                self._note("media", f"{phone.name} {word}", {})
                return

    def note_ask(self, ask: Ask) -> None:
        """Note a request to the application; legs go by their phones' names."""
        asked = dict(ask.fields)
        if asked.get("Direction") != "inbound" and asked.get("To") in self._by_number:
            self._names[asked["CallSid"]] = self._by_number[asked["To"]].name
        elif asked.get("To", "").startswith("client:"):
            self._names[asked["CallSid"]] = asked["To"].removeprefix("client:")
        fields = {name: self._names.get(value, value) for name, value in ask.fields}
        token = dict(ask.headers).get("I-Twilio-Idempotency-Token")
        if token is not None:
            fields["token"] = token
        path = ask.url.removeprefix(HOST)
        self._note("web", f"{ask.method} {path}", fields)


def bound(user: str, name: str, address: Address) -> Binding:
    """Return the binding of a phone that has registered for an hour."""
    host, port = address
    contact = Uri("sip", host, user=name, port=port)
    return Binding(user, contact, (), f"reg-{name}", 1, 3_600.0, Hop("udp", host, port))


class _NotedWeb(FakeWeb):
    """The application: serves the flow's documents, and tells the flow what it was asked."""

    def __init__(self, clock: Clock, flow: Flow) -> None:
        super().__init__(clock)
        self._flow = flow
        self.delays: dict[str, float] = {}

    async def fetch(self, ask: Ask) -> Any:
        self._flow.note_ask(ask)
        self.delay = self.delays.get(ask.url.partition("#")[0], 0.0)
        return await super().fetch(ask)


class _Wall(DatagramProtocol):
    """Where datagrams for phones arrive."""

    def __init__(self, take: Any) -> None:
        self._take = take

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        self._take(datagram)


def flow_files() -> list[Path]:
    """Return every flow there is."""
    return sorted((Path(__file__).parents[1] / "flows").glob("*.flow"))
