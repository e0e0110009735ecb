"""Whether an INVITE may become a call, and what is known of it then.

Who sends it has been judged before.  The order here is: whether it can be served at all, which
number it wants, and whether its media is fit.  Every refusal says why in one word, for `/counters`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from b2bua.app.legs import Legs
from b2bua.app.live_leg import LiveLeg
from b2bua.app.media_policy import MediaPolicy
from b2bua.app.passing import NOTHING, Passed, passed_of
from b2bua.app.settings import Settings
from b2bua.routing.plan import Direction, LegFacts, NumberSettings, Offer, Status
from b2bua.sdp.description import Description, SdpFault
from b2bua.sip.dialog.capabilities import refuse_invite
from b2bua.sip.dialog.replaces import read_replaces
from b2bua.sip.dialog.session_timer import too_small
from b2bua.sip.grammar import unescape
from b2bua.sip.message import Request
from b2bua.sip.uri import AnyUri, TelUri, Uri

NumberFor = Callable[[str], NumberSettings | None]

NUMBER = re.compile(r"\+?[0-9*#]{1,32}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an INVITE becomes no call: a final status, and one word for the counters."""

    status: int
    why: str
    reason: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A call that may begin."""

    facts: LegFacts
    offer: Offer
    sdp: Description | None
    is_behind_nat: bool
    max_forwards: int
    passed: Passed = NOTHING


@dataclass(frozen=True, slots=True)
class Takeover:
    """An INVITE that may take the place of `leg` (RFC 3891)."""

    leg: LiveLeg
    sdp: Description | None
    is_behind_nat: bool


def judge_takeover(
    request: Request, source: str, settings: Settings, legs: Legs, policy: MediaPolicy
) -> Takeover | Refusal:
    """Return the leg that this INVITE with Replaces takes the place of, or the refusal it gets."""
    refusal = _unserviceable(request) or _too_short(request, settings)
    if refusal is not None:
        return refusal
    replaces = read_replaces(request)
    if replaces is None:
        return Refusal(400, "replaces", "Replaces malformed")
    leg = legs.replaced(replaces)
    if isinstance(leg, int):
        return Refusal(leg, "replaces")
    sdp = _description(request, policy)
    if isinstance(sdp, Refusal):
        return sdp
    return Takeover(leg, sdp, request.via.host != source)


def judge(
    request: Request,
    source: str,
    settings: Settings,
    number_for: NumberFor,
    policy: MediaPolicy,
    sid: str,
    user: str = "",
) -> Arrival | Refusal:
    """Return the call that this INVITE asks for, or the refusal it gets.

    `source` is the numeric address that it came from, `number_for` knows what becomes of calls to
    a user part, `sid` names the call.  `user` has proved to be the caller, whatever From says.
    """
    refusal = _unserviceable(request)
    if refusal is not None:
        return refusal
    called = _dialled(request)
    number = _number(called, request, number_for)
    if number is None:
        return Refusal(404, "unknown_number")
    short = _too_short(request, settings)
    if short is not None:
        return short
    sdp = _description(request, policy)
    if isinstance(sdp, Refusal):
        return sdp
    account = settings.account(number.account_sid)
    max_forwards = request.max_forwards
    return Arrival(
        facts=_facts(request, sid, number.account_sid, source, user),
        offer=Offer(
            caller=user or _user(request.from_.uri),
            called=called,
            number=number,
            account_country=account.country if account is not None else "",
        ),
        sdp=sdp,
        is_behind_nat=request.via.host != source,
        max_forwards=(70 if max_forwards is None else max_forwards) - 1,
        passed=passed_of(request, settings.trunk_from(source), settings.sip.passed_names),
    )


def _unserviceable(request: Request) -> Refusal | None:
    if request.max_forwards == 0:
        return Refusal(483, "too_many_hops")
    refused = refuse_invite(request, "")
    if refused is None:
        return None
    extra = [(name, value) for name, value in refused.headers if name in ("Unsupported", "Accept")]
    return Refusal(refused.status, "unserviceable", refused.reason, extra)


def _too_short(request: Request, settings: Settings) -> Refusal | None:
    least = too_small(request, settings.sip.min_se)
    return None if least is None else Refusal(422, "session_interval", headers=[*least])


def _number(called: str, request: Request, number_for: NumberFor) -> NumberSettings | None:
    """Return the settings of the dialled number: of the Request-URI, then of To."""
    found = number_for(called) if called else None
    return found or number_for(_user(request.to.uri))


def _description(request: Request, policy: MediaPolicy) -> Description | Refusal | None:
    if request.sdp is None:
        return None
    read = policy.read(request.sdp)
    if isinstance(read, SdpFault):
        return Refusal(488, "unacceptable_media")
    return read


def _facts(request: Request, sid: str, account_sid: str, source: str, user: str) -> LegFacts:
    uri = request.uri
    return LegFacts(
        call_sid=sid,
        account_sid=account_sid,
        direction=Direction.INBOUND,
        status=Status.RINGING,
        from_=f"client:{user}" if user else _shown(request.from_.uri),
        to=_shown(uri),
        caller_name=request.from_.display or None,
        forwarded_from=_forwarded_from(request),
        sip_call_id=request.call_id,
        sip_domain=uri.host if isinstance(uri, Uri) else None,
        sip_source_ip=source,
        sip_headers=tuple(
            (name, value) for name, value in request.headers if name.upper().startswith("X-")
        ),
    )


def _dialled(request: Request) -> str:
    return _user(request.uri)


def _user(uri: AnyUri) -> str:
    match uri:
        case Uri():
            return unescape(uri.user or "")
        case TelUri():
            return uri.number
    return ""


def _shown(uri: AnyUri) -> str:
    """Return a party as applications see it: a number where it is one, else a SIP URI."""
    user = _user(uri)
    if NUMBER.fullmatch(user):
        return user
    if isinstance(uri, Uri):
        host = f"[{uri.host}]" if uri.is_v6 else uri.host
        return f"{uri.scheme}:{uri.user}@{host}" if user else f"{uri.scheme}:{host}"
    return user or str(uri)


def _forwarded_from(request: Request) -> str | None:
    """Return who forwarded the call here (RFC 5806), if it says so readably."""
    diversion = request.headers.listed("Diversion")
    if not diversion:
        return None
    found = re.search(r"(?:sips?|tel):([^@;>\s]+)", diversion[0])
    return found.group(1) if found else None
