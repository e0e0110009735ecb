"""What a router says and is told: plain values, with no Twisted and no SIP in them.

A router is handed an `Offer` (who calls whom), asks for things in these words (`Ring`, `Target`,
`Prompt`, `Gather`), and is answered in them (`Outcome`, `Digits`).  Semantic versioning applies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from b2bua.routing.taping import TapeFacts, TapePlan

if TYPE_CHECKING:
    from b2bua.routing.interfaces import Party


class Direction(Enum):
    """`Direction` of a leg as a voice request names it."""

    INBOUND = "inbound"
    OUTBOUND_DIAL = "outbound-dial"
    OUTBOUND_API = "outbound-api"


class Status(Enum):
    """`CallStatus` of a leg (rcml.md 6.2)."""

    QUEUED = "queued"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        """Whether a leg with this status is over."""
        return self in _FINAL


_FINAL = frozenset(
    {Status.COMPLETED, Status.BUSY, Status.NO_ANSWER, Status.FAILED, Status.CANCELED}
)


class Event(Enum):
    """A step of a leg that a status callback may be sent for (rcml.md 6.1)."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class StatusPlan:
    """Where and about what the application wants to be told of one leg.

    `url` is absolute and may carry a fragment with connection overrides (rcml.md 7.3); `method` is
    GET or POST; `events` is never empty.
    """

    url: str
    method: str = "POST"
    events: frozenset[Event] = frozenset({Event.COMPLETED})


@dataclass(frozen=True, slots=True)
class LegFacts:
    """What is known of one leg at one moment: what every webhook about it says (rcml.md 6.5).

    `from_` and `to` are what the application sees: a number (E.164 where it is one) or a SIP URI.
    `sip_headers` holds the `X-` headers of the INVITE (inbound) or of the 200 (outbound).
    `verstat` is what the caller's `passport`, a token, is worth, where that was verified.
    """

    call_sid: str
    account_sid: str
    direction: Direction
    status: Status
    from_: str
    to: str
    parent_call_sid: str | None = None
    caller_name: str | None = None
    forwarded_from: str | None = None
    sip_call_id: str | None = None
    sip_domain: str | None = None
    sip_source_ip: str | None = None
    sip_headers: tuple[tuple[str, str], ...] = ()
    verstat: str | None = None
    passport: str | None = None

    def at(self, status: Status, sip_headers: tuple[tuple[str, str], ...] = ()) -> LegFacts:
        """Return what is known when `status` is reached, and `sip_headers` if there are any."""
        if status is self.status and not sip_headers:
            return self
        return LegFacts(  # spelt out: `replace` takes four times as long, and a leg has five
            self.call_sid,
            self.account_sid,
            self.direction,
            status,
            self.from_,
            self.to,
            self.parent_call_sid,
            self.caller_name,
            self.forwarded_from,
            self.sip_call_id,
            self.sip_domain,
            self.sip_source_ip,
            sip_headers or self.sip_headers,
            self.verstat,
            self.passport,
        )


@dataclass(frozen=True, slots=True)
class NumberSettings:
    """The `[[numbers]]` entry that took the call, or what the REST API says instead.

    URLs are absolute; an empty string means absent.  `targets` are SIP URIs in which `{user}`
    stands for the dialled user part.  `voice_document` is RCML given instead of `voice_url`.
    """

    number: str
    router: str
    account_sid: str
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    status: StatusPlan | None = None
    targets: tuple[str, ...] = ()
    voice_document: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A call as it was when it began: who calls whom.

    `caller` and `called` are user parts; `number` is the settings entry that matched.
    """

    caller: str
    called: str
    number: NumberSettings
    account_country: str = ""


@dataclass(frozen=True, slots=True)
class Speech:
    """Words to be spoken.  `language` is a BCP 47 tag; `voice` is a hint an engine may ignore."""

    text: str
    voice: str = ""
    language: str = "en-US"


@dataclass(frozen=True, slots=True)
class Recording:
    """An audio file's bytes: WAV, MP3 or Ogg, told apart by content, at most 10 MiB."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing, for `seconds` (more than 0, at most 14,400)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Tones:
    """DTMF played towards the party: `0-9A-D*#`, `w` 0.5 s and `W` 1 s of pause."""

    digits: str


@dataclass(frozen=True, slots=True)
class ErrorTone:
    """The three rising tones a caller knows as "this did not work"."""


Prompt = Speech | Recording | Silence | Tones | ErrorTone


@dataclass(frozen=True, slots=True)
class Gather:
    """Collect keys while prompts play.

    `timeout` is in seconds between digits, counted after the prompts end; `finish_on_key` is one
    of `0-9*#` or empty; `num_digits` None means no limit.  The first digit stops the prompts.
    """

    prompts: tuple[Prompt, ...] = ()
    timeout: float = 5.0
    finish_on_key: str = "#"
    num_digits: int | None = None


@dataclass(frozen=True, slots=True)
class Digits:
    """What a `Gather` collected, without the finishing key.

    `finished` is False when nothing at all was pressed before the time was over; pressing only the
    finishing key gives `Digits("", finished=True)`.
    """

    digits: str
    finished: bool


Screen = Callable[["Party"], Awaitable[bool]]
"""A private conversation with a callee before the bridge: True accepts, False declines."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What answers a 401 or 407 to this leg's INVITE (digest, RFC 7616)."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Target:
    """One leg to ring.

    Exactly one of `number` (E.164 or a trunk's own pattern; a trunk carries it), `uri` (a SIP URI,
    with its parameters) and `client` (the name of a user, all of whose phones ring) is given.
    `headers` are added to the INVITE; only names the product allows pass (rcml.md N-1).
    `screen_timeout` bounds `screen`, in seconds.  `problem` says (code, text) why this target can't
    be rung: its leg ends `failed` without an INVITE.
    """

    number: str = ""
    uri: str = ""
    client: str = ""
    label: str = ""
    trunk: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    credentials: Credentials | None = None
    send_digits: str = ""
    screen: Screen | None = None
    screen_timeout: float = 60.0
    status: StatusPlan | None = None
    problem: tuple[int, str] | None = None

    @property
    def to(self) -> str:
        """What webhooks call `To`."""
        named = f"client:{self.client}" if self.client else ""
        return self.label or named or self.number or self.uri


@dataclass(frozen=True, slots=True)
class Ring:
    """One attempt to reach somebody: 1 to 10 targets.

    `timeout` is how long each target may ring and `time_limit` how long the bridge may last, in
    seconds.  `caller_id` replaces the caller in From.  `ringback` is an ISO country code, or a
    recording that is played instead of a tone; empty means "us", and that a caller who has not been
    answered gets a plain 180 rather than early media.  `tape` has the conversation recorded.
    `takes_referral`: a callee may have the caller connected elsewhere (RFC 3515), which the
    `Outcome` tells.
    """

    targets: tuple[Target, ...]
    timeout: float = 30.0
    time_limit: float = 14_400.0
    caller_id: str = ""
    answer_on_bridge: bool = False
    hangup_on_star: bool = False
    sequential: bool = False
    ringback: str | Recording = ""
    tape: TapePlan | None = None
    takes_referral: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a `Ring` ended (rcml.md 6.6).

    `status` is the aggregated one of rule A-1.  `leg` is the winner, or the leg that decided the
    status, or None when no leg could be made.  `duration` is in whole seconds from that leg's
    answer to its end.  `caller_gone` says that the caller hung up before or with it.  `referred_to`
    is the SIP URI that the callee wants the caller connected with; empty, unless it asked.
    """

    status: Status
    leg: LegFacts | None = None
    bridged: bool = False
    duration: int = 0
    sip_status: int | None = None
    screen_declined: bool = False
    caller_gone: bool = False
    tape: TapeFacts | None = None
    referred_to: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to a customer's server.

    `fields` go into the body of a POST or the query of a GET.  `account_sid` picks the signing
    secret and limits, `call_sid` the cookies.  `headers` are added as they are.  `limit_bytes`
    bounds the answer's body; None: `limits.response_body_bytes`.
    """

    url: str
    method: str = "POST"
    fields: tuple[tuple[str, str], ...] = ()
    account_sid: str = ""
    call_sid: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    limit_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, whatever its status.  `url` is where it came from, after redirects."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """No response.  `code` is one of rcml.md 7.4 (11200, 11205, ...); `url` is what was asked."""

    code: int
    text: str
    url: str
    status: int | None = None
