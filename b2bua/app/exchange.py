"""What the REST API may do with calls: provides `b2bua.api.interfaces.Exchange`."""

from __future__ import annotations

import secrets

from b2bua.api.interfaces import Order, Shelf
from b2bua.app.caller_id import may_show
from b2bua.app.equipment import Equipment
from b2bua.app.originator import Originator
from b2bua.app.switchboard import Switchboard
from b2bua.routing.plan import Direction, LegFacts, NumberSettings, Status, StatusPlan
from b2bua.store.calls import CallRecord, CallRecords
from b2bua.store.numbers import NumberRecords


class LiveExchange:
    """The switchboard and the queues, in the API's words."""

    def __init__(self, equipment: Equipment, switchboard: Switchboard) -> None:
        limits = equipment.settings.limits
        self._equipment = equipment
        self._switchboard = switchboard
        self._originator = Originator(
            equipment.clock,
            limits.account_calls_per_second,
            limits.account_calls_queued,
            switchboard.dial,
        )

    def __len__(self) -> int:
        """Return how many calls wait to be dialled."""
        return len(self._originator)

    @property
    def calls(self) -> CallRecords:
        """The records of calls."""
        return self._equipment.calls

    @property
    def numbers(self) -> NumberRecords:
        """The incoming phone numbers."""
        return self._equipment.numbers

    @property
    def recordings(self) -> Shelf:
        """The recordings."""
        return self._equipment.tapes

    def token(self, account_sid: str) -> str | None:
        """Return the secret of an account."""
        account = self._equipment.settings.account(account_sid)
        return None if account is None else account.auth_token

    def country(self, account_sid: str) -> str:
        """Return the country of an account."""
        account = self._equipment.settings.account(account_sid)
        return "" if account is None else account.country

    def may_show(self, account_sid: str, caller_id: str) -> bool:
        """Whether calls of the account may come from this number or name."""
        account = self._equipment.settings.account(account_sid)
        return may_show(account, caller_id, self._equipment.number_for)

    @property
    def takes_calls(self) -> bool:
        """Whether calls can be asked for."""
        return not self._switchboard.is_draining

    def originate(self, order: Order) -> CallRecord | None:
        """Queue a call."""
        facts = LegFacts(
            call_sid=self._equipment.entropy.call_sid(),
            account_sid=order.account_sid,
            direction=Direction.OUTBOUND_API,
            status=Status.QUEUED,
            from_=order.from_,
            to=order.target.to,
        )
        if not self._originator.put(order, facts):
            return None
        return self.calls.add(facts, self.now())

    def redirect(self, sid: str, number: NumberSettings) -> bool:
        """Run another document on a caller's leg."""
        call = self._switchboard.call_of(sid)
        if call is None or call.core.sid != sid:
            return False
        return call.redirect(self._switchboard.router(number), number)

    def end(self, sid: str) -> bool:
        """End a leg, or take it out of the queue (rule E-4: nobody is told then)."""
        if self._originator.cancel(sid):
            self.calls.close(sid, Status.CANCELED, self.now())
            return True
        call = self._switchboard.call_of(sid)
        if call is None:
            return False
        call.take(lambda now: call.core.dismiss(sid, now))
        return True

    def limit(self, sid: str, seconds: float) -> bool:
        """Let a caller's leg last `seconds` from now on."""
        call = self._switchboard.call_of(sid)
        if call is None or call.core.sid != sid:
            return False
        call.take(lambda _now: call.core.limit(seconds))
        return True

    def report_to(self, sid: str, plan: StatusPlan) -> bool:
        """Send the rest of a leg's status callbacks by `plan`."""
        call = self._switchboard.call_of(sid)
        if call is None:
            return False
        try:
            record = call.core.record(sid)
        except KeyError:  # it is over, and waits for the answer to its BYE
            return False
        record.report_to(plan)
        self._equipment.journal.report_to(record.facts, plan, record.sequence)
        return True

    def now(self) -> float:
        """Return the time of day."""
        return self._equipment.wall()

    def new_sid(self, prefix: str) -> str:
        """Return a fresh SID."""
        return prefix + secrets.token_hex(16)

    def stop(self) -> None:
        """Dial nobody any more; those who still waited are canceled."""
        for sid in self._originator.stop():
            self.calls.close(sid, Status.CANCELED, self.now())
