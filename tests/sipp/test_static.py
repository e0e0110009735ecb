"""Plain calls through `static`, each a promise of RFC 3261 or RFC 3264, over real sockets."""

from __future__ import annotations

import pytest

from tests.sipp.stage import Stage, entry, scene, static
from tests.support.daemon import Daemon
from tests.support.sipp import Sipp


async def play(
    stage: Stage,
    caller: str,
    callee: str,
    *,
    hold: int = 300,
    ring: int = 100,
    stop: bool = True,
    **options: str,
) -> tuple[Sipp, Sipp, Daemon]:
    """Play one call between two scenarios; nothing of it may be left in the daemon."""
    uas = await stage.callee(callee, hold=ring, **options)
    over = f";transport={'tcp' if options.get('transport') == 't1' else 'udp'}"
    daemon = await stage.daemon(static(uas.port, transport=over))
    uac = stage.sipp(caller, target=daemon.sip_port, user="100", hold=hold, **options)
    await uac.run()
    await uas.finish()
    await daemon.until_over()
    if stop:
        await daemon.stop()
    return uac, uas, daemon


@pytest.mark.parametrize("transport", ["u1", "t1"])
@scene()
async def test_a_call_is_placed_answered_and_ended(stage: Stage, transport: str) -> None:
    uac, uas, _ = await play(stage, "uac_call", "uas_answer", transport=transport)
    assert uac.heard() == ["100 Trying", "180 Ringing", "200 OK", "200 OK"]
    assert uas.heard() == ["INVITE", "ACK", "BYE"]


@scene()
async def test_the_two_sides_share_no_name_of_the_call(stage: Stage) -> None:
    """A B2BUA is two user agents: Call-ID, tags, branches, Contact and media are its own."""
    uac, uas, daemon = await play(stage, "uac_call", "uas_answer")
    asked, rung = uac.messages(method="INVITE")[0], uas.messages(method="INVITE")[0]
    assert rung.text.startswith(f"INVITE sip:100@127.0.0.1:{uas.port}")
    for name in ("Call-ID", "Via", "From", "Contact"):
        assert rung.header(name) != asked.header(name)
    assert f":{daemon.sip_port}" in rung.header("Via")
    assert rung.header("Max-Forwards") == "69"
    assert rung.media[1] not in (uac.rtp_port, uas.rtp_port)
    assert "alice" in rung.header("From")


@scene()
async def test_the_callee_hangs_up(stage: Stage) -> None:
    uac, uas, _ = await play(stage, "uac_hung_up", "uas_hangs_up")
    assert uac.heard()[-1] == "BYE"
    assert uas.heard() == ["INVITE", "ACK", "200 OK"]


@scene()
async def test_the_caller_gives_up(stage: Stage) -> None:
    """A CANCEL because the caller left must not say "elsewhere": phones log a missed call."""
    uac, uas, _ = await play(stage, "uac_cancel", "uas_cancelled")
    assert uac.heard()[-2:] == ["200 OK", "487 Request Terminated"]
    [cancel] = uas.messages(sent=False, method="CANCEL")
    assert "elsewhere" not in cancel.header("Reason")


@scene()
async def test_the_caller_gives_up_at_once(stage: Stage) -> None:
    uas = await stage.callee("uas_silent", hold=1_000)
    daemon = await stage.daemon(static(uas.port))
    uac = stage.sipp("uac_early_cancel", target=daemon.sip_port)
    await uac.run()
    await uas.finish()
    await daemon.until_over()
    await daemon.stop()


@pytest.mark.parametrize(
    ("callee", "status"), [("uas_busy", "486 Busy Here"), ("uas_not_found", "404 Not Found")]
)
@scene()
async def test_a_refusal_reaches_the_caller(stage: Stage, callee: str, status: str) -> None:
    uac, _, _ = await play(stage, "uac_refused", callee)
    assert uac.heard()[-1] == status


@scene()
async def test_hold_and_resume_cross_the_bridge(stage: Stage) -> None:
    _, uas, _ = await play(stage, "uac_hold", "uas_hold")
    offers = [each.body for each in uas.messages(sent=False, method="INVITE")]
    assert [_direction(offer) for offer in offers] == ["sendrecv", "sendonly", "sendrecv"]


@scene()
async def test_a_refused_hold_leaves_the_call_as_it_was(stage: Stage) -> None:
    uac, uas, _ = await play(stage, "uac_hold_refused", "uas_refuses_hold")
    assert "488 Not Acceptable Here" in uac.heard()
    assert uas.heard() == ["INVITE", "ACK", "INVITE", "ACK", "BYE"]


@scene()
async def test_a_late_offer_crosses_the_bridge(stage: Stage) -> None:
    """RFC 3264: the callee's 200 holds the offer, the caller's ACK the answer."""
    uac, uas, _ = await play(stage, "uac_late_offer", "uas_answer")
    offer = uac.messages(sent=False, method="INVITE")[-1]
    assert offer.media[1] not in (uac.rtp_port, uas.rtp_port)
    [ack] = uas.messages(sent=False, method="ACK")
    [invite] = uas.messages(sent=False, method="INVITE")
    assert bool(ack.body.strip()) != bool(invite.body.strip())


@scene()
async def test_early_media_reaches_the_caller(stage: Stage) -> None:
    uac, uas, _ = await play(stage, "uac_call", "uas_early_media")
    early = next(each for each in uac.messages(sent=False) if each.start.startswith("183"))
    assert early.media[1] not in (uac.rtp_port, uas.rtp_port)


@scene()
async def test_nothing_at_all_is_left_of_a_call(stage: Stage) -> None:
    """Not even transactions, once they have lingered for their time."""
    _, _, daemon = await play(stage, "uac_call", "uas_answer", stop=False)
    await daemon.until_idle()
    await daemon.stop()


@scene()
async def test_a_lost_ack_ends_the_call_with_bye(stage: Stage) -> None:
    """RFC 3261 13.3.1.4: the 200 is sent again until 64*T1, then the call is hung up."""
    uac, uas, _ = await play(stage, "uac_lost_ack", "uas_answer")
    answers = [each for each in uac.messages(sent=False) if each.start == "200 OK"]
    assert len(answers) > 3
    assert uac.heard()[-1] == "BYE"
    assert uas.heard()[-1] == "BYE"


@scene()
async def test_compact_and_folded_headers_are_read(stage: Stage) -> None:
    _, uas, _ = await play(stage, "uac_compact", "uas_answer")
    invite = uas.messages(sent=False, method="INVITE")[0]
    assert invite.header("Max-Forwards") == "69"


@scene()
async def test_a_call_over_ipv6_reaches_a_callee_on_ipv4(stage: Stage) -> None:
    uas = await stage.callee("uas_answer", hold=100)
    port = stage.free_port("::1")
    daemon = await stage.daemon(static(uas.port), listen=(f"udp:[::1]:{port}",))
    uac = stage.sipp("uac_call", target=port, host="::1")
    await uac.run()
    await uas.finish()
    assert uac.messages(sent=False, method="INVITE")[-1].media[0] == "::1"
    assert uas.messages(sent=False, method="INVITE")[0].media[0] == "127.0.0.1"
    await daemon.until_over()
    await daemon.stop()


@scene()
async def test_an_unknown_number_is_404(stage: Stage) -> None:
    daemon = await stage.daemon(static(9, number="1*"))
    uac = stage.sipp("uac_refused", target=daemon.sip_port, user="200")
    await uac.run()
    assert uac.heard()[-1].startswith("404")
    await daemon.until_over()
    await daemon.stop()


@scene()
async def test_sighup_adds_a_number_without_touching_a_live_call(stage: Stage) -> None:
    first = await stage.callee("uas_answer", hold=50)
    second = await stage.callee("uas_answer", hold=50)
    daemon = await stage.daemon(static(first.port, number="100"))
    live = stage.sipp("uac_call", target=daemon.sip_port, user="100", hold=2_500)
    await live.start()
    before = stage.sipp("uac_refused", target=daemon.sip_port, user="200")
    await before.run()
    with daemon.settings.open("a") as settings:
        settings.write(entry(second.port, "200"))
    await daemon.reread()
    after = stage.sipp("uac_call", target=daemon.sip_port, user="200")
    await after.run()
    await live.finish()
    await first.finish()
    await second.finish()
    await daemon.until_over()
    await daemon.stop()


@scene()
async def test_sighup_with_broken_settings_changes_nothing(stage: Stage) -> None:
    callee = await stage.callee("uas_answer", hold=50)
    daemon = await stage.daemon(static(callee.port))
    with daemon.settings.open("a") as settings:
        settings.write("nonsense = 1\n")
    await daemon.reread()
    caller = stage.sipp("uac_call", target=daemon.sip_port)
    await caller.run()
    await callee.finish()
    assert "nonsense: there is no such setting" in daemon.told()
    await daemon.until_over()
    await daemon.stop()


def _direction(description: str) -> str:
    known = ("sendrecv", "sendonly", "recvonly", "inactive")
    return next((each for each in known if f"a={each}" in description), "sendrecv")
