"""A caller's certificate is fetched once, in time, and nothing that is fetched can do harm."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from b2bua.app.settings import settings_from_text
from b2bua.app.start_error import StartError
from b2bua.app.verification import KEPT_SECONDS, PATIENCE, Verifier
from b2bua.app.verified_caller import VerifiedCaller
from b2bua.routing.interfaces import Gone
from b2bua.routing.plan import Direction, LegFacts, Status
from b2bua.stir.identity import write
from b2bua.stir.passport import sign
from b2bua.stir.verification import Judgement
from tests.stir.test_passport import PASSPORT
from tests.support.authority import Authority, Pair
from tests.support.fake_web import FakeWeb

NOW = float(int(datetime.now(UTC).timestamp()))
URL = PASSPORT.certificate_url
CALLING, CALLED = "+12155551212", "+12155551213"


class Office:
    """A verifier with anchors, and a signer whose certificate is published."""

    def __init__(self, clock: Clock, folder: Path) -> None:
        self.clock, self.web = clock, FakeWeb(clock)
        authority = Authority("STI-PA")
        self.signer = authority.issue(common_name="SHAKEN 1234")
        self.verifier = Verifier(clock, self.web)
        (folder / "anchors.pem").write_bytes(authority.pem)
        text = '[stir]\nanchors = "anchors.pem"\n'
        self.verifier.read(settings_from_text(text, str(folder / "settings.toml")))

    def identity(self, signer: Pair | None = None) -> str:
        passport = replace(PASSPORT, issued_at=int(NOW))
        return write(sign(passport, (signer or self.signer).key), URL)

    def verify(self, *identities: str, calling: str = CALLING) -> list[tuple[Judgement, str]]:
        """Begin; return the list that will hold what is found."""
        found: list[tuple[Judgement, str]] = []
        judging = self.verifier.verify([*identities], calling, CALLED, NOW)
        Deferred.fromCoroutine(judging).addCallback(found.append)
        return found


@pytest.fixture
def office(clock: Clock, tmp_path: Path) -> Office:
    return Office(clock, tmp_path)


def test_a_good_caller_passes_and_the_token_is_told(office: Office) -> None:
    office.web.serve(URL, office.signer.pem)
    [(judgement, token)] = office.verify(office.identity())
    assert judgement.verstat == "TN-Validation-Passed-A"
    assert office.identity().startswith(token.split(".")[0])


def test_no_identity_is_no_validation_and_asks_nobody(office: Office) -> None:
    [(judgement, token)] = office.verify()
    assert (judgement.verstat, token, office.web.asks) == ("No-TN-Validation", "", [])


def test_a_broken_identity_fails_and_asks_nobody(office: Office) -> None:
    [(judgement, _)] = office.verify("broken;;ppt=shaken")
    assert (judgement.verstat, office.web.asks) == ("TN-Validation-Failed", [])


def test_a_certificate_is_fetched_once_while_it_is_kept(office: Office) -> None:
    office.web.serve(URL, office.signer.pem)
    office.verify(office.identity())
    office.clock.advance(KEPT_SECONDS - 1)
    [(judgement, _)] = office.verify(office.identity())
    assert judgement.verstat == "TN-Validation-Passed-A"
    assert office.web.urls == [URL]
    office.clock.advance(1)
    office.verify(office.identity())
    assert office.web.urls == [URL, URL]


@pytest.mark.parametrize(
    ("body", "status"), [(b"nothing", 200), (b"", 200), (b"x", 404), (b"x" * 70_000, 200)]
)
def test_a_certificate_that_cannot_be_had_fails(office: Office, body: bytes, status: int) -> None:
    office.web.serve(URL, body, status=status)
    [(judgement, _)] = office.verify(office.identity())
    assert judgement.reason == "the certificate cannot be had"


def test_a_call_does_not_wait_for_ever(office: Office) -> None:
    office.web.serve(URL, office.signer.pem)
    office.web.delay = 2 * PATIENCE
    found = office.verify(office.identity())
    office.clock.advance(PATIENCE - 0.1)
    assert found == []
    office.clock.advance(0.1)
    [(judgement, _)] = found
    assert judgement.verstat == "TN-Validation-Failed"
    office.clock.advance(2 * PATIENCE)


def test_another_caller_than_the_signed_one_fails(office: Office) -> None:
    office.web.serve(URL, office.signer.pem)
    [(judgement, _)] = office.verify(office.identity(), calling="+19005550000")
    assert judgement.verstat == "TN-Validation-Failed"


@pytest.mark.parametrize(("data", "problem"), [(None, "No such file"), (b"x", "no PEM")])
def test_anchors_that_cannot_be_used_are_one_line_with_their_place(
    clock: Clock, tmp_path: Path, data: bytes | None, problem: str
) -> None:
    if data is not None:
        (tmp_path / "a.pem").write_bytes(data)
    settings = settings_from_text('[stir]\nanchors = "a.pem"\n', str(tmp_path / "settings.toml"))
    with pytest.raises(StartError, match=rf"settings.toml:2: stir.anchors: .*{problem}"):
        Verifier(clock, FakeWeb(clock)).read(settings)


class Leaving:
    """A caller who hangs up while the certificate is fetched."""

    leg = LegFacts("CA1", "AC1", Direction.INBOUND, Status.RINGING, CALLING, CALLED)

    def __init__(self) -> None:
        self.vouched: list[str] = []
        self._waiting: Deferred[None] = Deferred()

    async def wait(self, fired: Deferred[None]) -> None:
        self._waiting = fired
        await fired

    def vouch(self, verstat: str, passport: str) -> None:
        self.vouched.append(verstat)

    def gone(self) -> None:
        self._waiting.errback(Gone())


def test_a_caller_who_hangs_up_meanwhile_ends_the_verification(office: Office) -> None:
    office.web.serve(URL, office.signer.pem)
    office.web.delay = PATIENCE / 2
    caller: Any = Leaving()
    router: Any = None
    place = VerifiedCaller(router, office.verifier, [office.identity()], NOW)
    taking = Deferred.fromCoroutine(place.take(caller))
    caller.gone()
    failed: list[Failure] = []
    taking.addErrback(failed.append)
    assert [failure.type for failure in failed] == [Gone]
    office.clock.advance(2 * PATIENCE)
    assert caller.vouched == []
