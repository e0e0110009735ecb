"""What a caller hears, in RTP, while the next document does not come."""

from __future__ import annotations

from tests.sipp.stage import Stage, rcml, scene


@scene()
async def test_a_caller_who_waits_for_a_document_hears_soft_noise_until_it_comes(
    stage: Stage,
) -> None:
    application, ear = stage.application(), stage.ear()
    application.hang("/late")
    late = application.url("/late#rc=0&amp;rt=3000")
    document = f'<Response><Gather timeout="1"/><Redirect>{late}</Redirect></Response>'
    voice = application.serve("/voice", document)
    fallback = application.serve("/fallback", "<Response><Hangup/></Response>")
    daemon = await stage.daemon(f'{rcml(voice)}voice_fallback_url = "{fallback}"\n')
    uac = stage.sipp("uac_hung_up", target=daemon.sip_port, rtp_port=ear.port)
    await uac.run()
    [asked] = application.asked("/late")
    [failed] = application.asked("/fallback")
    assert failed["ErrorCode"] == "11200"
    # Two of the three seconds are noise: 100 packets, some of which a busy machine may owe.
    assert 50 <= len(ear.packets) <= 110
    assert {packet.payload_type for packet in ear.packets} == {0}
    assert all(asked.at < packet.at for packet in ear.packets)
    octets = b"".join(packet.payload for packet in ear.packets)
    assert len(set(octets)) > 8  # a sound,
    assert all(octet & 0x70 == 0x70 for octet in octets)  # and in the softest segment of G.711
    await daemon.until_over()
    await daemon.stop()
