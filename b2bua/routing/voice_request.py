"""What every webhook says of a call (rcml.md 6.5), and some of a recording (6.3, 6.6)."""

from __future__ import annotations

from b2bua.routing.plan import LegFacts
from b2bua.routing.taping import TapeFacts

API_VERSION = "2010-04-01"


def voice_parameters(leg: LegFacts, api_version: str = API_VERSION) -> tuple[tuple[str, str], ...]:
    """Return the voice request parameters of `leg`, absent values left out."""
    fields: list[tuple[str, str | None]] = [
        ("CallSid", leg.call_sid),
        ("AccountSid", leg.account_sid),
        ("From", leg.from_),
        ("To", leg.to),
        ("Caller", leg.from_),
        ("Called", leg.to),
        ("CallStatus", leg.status.value),
        ("ApiVersion", api_version),
        ("Direction", leg.direction.value),
        ("ParentCallSid", leg.parent_call_sid),
        ("CallerName", leg.caller_name),
        ("ForwardedFrom", leg.forwarded_from),
        ("SipDomain", leg.sip_domain),
        ("SipCallId", leg.sip_call_id),
        ("SipSourceIp", leg.sip_source_ip),
        ("StirVerstat", leg.verstat),
        ("StirPassportToken", leg.passport),
    ]
    if leg.sip_headers:
        fields += [(f"SipHeader_{name}", value) for name, value in leg.sip_headers]
    return tuple([(name, value) for name, value in fields if value is not None])


def tape_parameters(tape: TapeFacts) -> tuple[tuple[str, str], ...]:
    """Return what a leg's `completed` and the `action` of a <Dial> say of a recording."""
    return (
        ("RecordingSid", tape.sid),
        ("RecordingUrl", tape.url),
        ("RecordingDuration", str(tape.seconds)),
    )
