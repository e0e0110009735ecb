"""Dialling: from a target to an INVITE on its way.

A number goes to the trunk that carries it, and the Request-URI's host is always the trunk's; a SIP
URI goes where it says.  Nothing of the caller's dialog is copied: identities are made anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from b2bua.app.caller_id import owns
from b2bua.app.equipment import Equipment
from b2bua.app.families import Family
from b2bua.app.legs import Legs
from b2bua.app.live_leg import LiveLeg
from b2bua.app.passing import NOTHING, Passed
from b2bua.app.signing import attestation_of
from b2bua.call.effects import OpenLeg
from b2bua.call.vocabulary import Refused, Word
from b2bua.media.interfaces import NoPortsError
from b2bua.net.local import Local
from b2bua.routing.plan import LegFacts, Target
from b2bua.sip.dialog.forked import ForkedSession
from b2bua.sip.dialog.session import Identity, Session
from b2bua.sip.nexthop import SECURE, Hop, request_hop
from b2bua.sip.uri import Uri, read_uri
from b2bua.sip.values import NameAddr


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an INVITE goes, and what answers a challenge there.

    `to` is who is called, where that is not `uri` itself.
    """

    uri: Uri
    hop: Hop
    credentials: tuple[str, str] | None = None
    trunk: str = ""
    routes: tuple[NameAddr, ...] = ()
    to: str = ""


class Outbound:
    """Opens legs towards callees.

    `max_forwards` is what the caller's INVITE has left, `passed` what it hands on.
    """

    def __init__(
        self,
        equipment: Equipment,
        legs: Legs,
        family: Family,
        max_forwards: int,
        passed: Passed = NOTHING,
    ) -> None:
        self._equipment = equipment
        self.family = family
        self._legs = legs
        self._max_forwards = max_forwards
        self._passed = passed

    def open(
        self,
        effect: OpenLeg,
        facts: LegFacts,
        *,
        say: Callable[[LiveLeg, Word], None],
        ended: Callable[[LiveLeg], None],
    ) -> LiveLeg | Refused:
        """Make the leg; its `session.start` sends the INVITE.  A refusal says why it cannot be."""
        found = self._destinations(effect.target)
        if isinstance(found, Refused):
            return found
        if not self.family.has_room():
            return Refused(482, "the call's family has too many legs", local=True)
        tag = self._equipment.entropy.tag()
        lines = self._legs.lines(effect.leg, v6=":" in found[0].hop.host, nat=False)
        try:
            body = None if effect.sdp is None else lines.tell(effect.sdp)
        except NoPortsError as problem:
            lines.close()
            return Refused(503, str(problem), local=True, is_ours=True)
        sessions = [self._session(effect, facts, one, tag, body) for one in found]

        def over(leg: LiveLeg) -> None:
            self.family.leave()
            ended(leg)

        self.family.join()
        return self._legs.add(
            effect.leg,
            facts.parent_call_sid or effect.leg,
            (effect.call_id, tag),
            sessions[0] if len(sessions) == 1 else ForkedSession(sessions),
            lines,
            say=say,
            ended=over,
        )

    def _session(
        self, effect: OpenLeg, facts: LegFacts, found: Destination, tag: str, body: bytes | None
    ) -> Session:
        equipment = self._equipment
        local = equipment.local_for(found.hop)
        remote = replace(found.uri, params=(), headers=())
        return Session.outgoing(
            Identity(
                call_id=effect.call_id,
                local=self._from(facts, local).with_tag(tag),
                remote=NameAddr(Uri("sip", local.host, user=found.to) if found.to else remote),
                contact=contact_at(local, secured=found.uri.scheme == "sips"),
                max_forwards=self._max_forwards,
            ),
            found.uri,
            found.hop,
            sdp=body,
            timers=equipment.timers,
            new_cnonce=equipment.entropy.tag,
            headers=(
                *(("Route", str(route)) for route in found.routes),
                *self._headers(effect, facts, found.trunk, local),
            ),
            credentials=found.credentials,
            jitter=equipment.entropy.fraction,
            policy=equipment.settings.sip.session_timer,
        )

    def _from(self, facts: LegFacts, local: Local) -> NameAddr:
        return self._passed.sender(NameAddr(_from_uri(facts.from_, local), facts.caller_name or ""))

    def _headers(
        self, effect: OpenLeg, facts: LegFacts, trunk: str, local: Local
    ) -> tuple[tuple[str, str], ...]:
        """Return what the INVITE has besides what every one has."""
        given, passed = effect.target.headers, self._passed
        carrier = self._equipment.settings.trunk(trunk) if trunk else None
        caller = _user_of(facts.from_) if effect.caller_id or not passed.asserted else ""
        return (
            *given,
            *passed.but(given),
            *passed.identity(carrier, caller, local),
            *self._signed(trunk, facts),
            self.family.field,
        )

    def _signed(self, trunk: str, facts: LegFacts) -> tuple[tuple[str, str], ...]:
        """Return what vouches for the caller on this trunk."""
        equipment = self._equipment
        if not equipment.signing.has(trunk):
            return ()
        account = equipment.settings.account(facts.account_sid)
        is_owned = account is not None and owns(account, facts.from_, equipment.number_for)
        return equipment.signing.headers(
            trunk,
            facts,
            attestation_of(facts, is_owned=is_owned),
            equipment.entropy.origination_id(),
            equipment.wall(),
        )

    def _destinations(self, target: Target) -> list[Destination] | Refused:
        if target.client:
            return self._phones(target.client)
        found = self._destination(target)
        return found if isinstance(found, Refused) else [found]

    def _phones(self, user: str) -> list[Destination] | Refused:
        """Return where all phones of a user are: those of one address family, the first one's."""
        equipment = self._equipment
        if user not in equipment.settings.passwords:
            return Refused(404, f"there is no user {user}", local=True)
        bound = equipment.registrations.of(user)
        if not bound:
            return Refused(480, f"no phone of {user} is registered", local=True)
        is_v6 = ":" in bound[0].hop.host
        return [
            Destination(one.contact, one.hop, routes=one.path, to=user)
            for one in bound
            if (":" in one.hop.host) == is_v6
        ]

    def _destination(self, target: Target) -> Destination | Refused:
        given = target.credentials
        credentials = None if given is None else (given.username, given.password)
        if target.uri:
            return self._by_uri(target.uri, credentials)
        settings = self._equipment.settings
        trunk = settings.trunk(target.trunk) if target.trunk else settings.trunk_for(target.number)
        if trunk is None:
            return Refused(404, f"no trunk carries {target.number}", local=True)
        if credentials is None and trunk.username:
            credentials = (trunk.username, trunk.password)
        return Destination(
            replace(trunk.uri, user=target.number),
            request_hop(trunk.uri),
            credentials,
            trunk.name,
        )

    def _by_uri(self, text: str, credentials: tuple[str, str] | None) -> Destination | Refused:
        try:
            uri = read_uri(text)
        except ValueError as problem:
            return Refused(484, f"not a SIP URI: {problem}", local=True)
        if not isinstance(uri, Uri):
            return Refused(416, "only sip: and sips: URIs can be rung", local=True)
        return Destination(replace(uri, headers=()), request_hop(uri), credentials)


def _from_uri(caller: str, local: Local) -> Uri:
    """Return our From: the caller's user part at our own host, never at the caller's."""
    return Uri("sip", local.host, user=_user_of(caller) or "anonymous")


def _user_of(caller: str) -> str:
    if caller.lower().startswith(("sip:", "sips:")):
        return caller.split(":", 1)[1].split("@", 1)[0]
    return caller.removeprefix("client:")


def contact_at(local: Local, *, secured: bool = False) -> str:
    """Return the URI where we are reached at one of our ends.

    `secured` is whether the request's URI was a sips one; then so is ours (8.1.1.8, 12.1.1).
    """
    if secured and local.transport in SECURE:
        params = (("transport", "ws"),) if local.transport == "wss" else ()
        return str(Uri("sips", local.host, port=local.port, params=params))
    params = () if local.transport == "udp" else (("transport", local.transport),)
    return str(Uri("sip", local.host, port=local.port, params=params))
