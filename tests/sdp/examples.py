"""Descriptions as peers write them, and the way to read them in a test."""

from __future__ import annotations

from b2bua.sdp.description import Description, SdpFault, read_description


def sdp(*lines: str) -> bytes:
    """Return `lines` as a body, ended with CRLF."""
    return "".join(f"{line}\r\n" for line in lines).encode()


def read(data: bytes) -> Description:
    """Read a description that a test knows to be good."""
    description = read_description(data)
    assert not isinstance(description, SdpFault), description
    return description


def fault(data: bytes) -> str:
    """Read a description that a test knows to be bad; return the reason."""
    description = read_description(data)
    assert isinstance(description, SdpFault), description
    return description.reason


def audio(formats: str, *attributes: str, address: str = "192.0.2.1", port: int = 5004) -> bytes:
    """Return a description with one audio line."""
    return sdp(
        "v=0",
        f"o=- 1 1 IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {formats}",
        *(f"a={attribute}" for attribute in attributes),
    )


PHONE = sdp(
    "v=0",
    "o=alice 2890844526 2890844526 IN IP4 host.example",
    "s=Alice's phone",
    "i=calls from the kitchen",
    "u=http://alice.example/",
    "e=alice@example.net",
    "p=+1 555 0100",
    "c=IN IP4 192.0.2.10",
    "b=AS:192",
    "t=0 0",
    "a=sendrecv",
    "m=audio 49170 RTP/AVP 18 0 8 96",
    "a=rtpmap:18 G729/8000",
    "a=fmtp:18 annexb=no",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:96 telephone-event/8000",
    "a=fmtp:96 0-16",
    "a=ptime:20",
    "m=video 51372 RTP/AVP 31 97",
    "c=IN IP4 192.0.2.11",
    "b=TIAS:90000",
    "a=rtpmap:97 H264/90000",
    "a=fmtp:97 profile-level-id=42e01f;packetization-mode=1",
    "a=recvonly",
)

BROWSER = sdp(
    "v=0",
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0 1",
    "a=group:LS 0 1",
    "a=ice-options:trickle",
    "a=ice-lite",
    "a=fingerprint:sha-256 AA:BB",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0",
    "c=IN IP4 192.0.2.20",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=candidate:1 1 udp 2130706431 192.0.2.20 54321 typ host",
    "a=end-of-candidates",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:0123456789012345678901",
    "a=setup:actpass",
    "a=mid:0",
    "a=rtcp-mux",
    "a=rtcp-rsize",
    "a=rtpmap:111 opus/48000/2",
    "m=video 0 UDP/TLS/RTP/SAVPF 96",
    "c=IN IP4 192.0.2.20",
    "a=bundle-only",
    "a=mid:1",
)

FAX = sdp(
    "v=0",
    "o=- 1 2 IN IP4 192.0.2.30",
    "s=-",
    "c=IN IP4 192.0.2.30",
    "t=0 0",
    "m=image 40000 udptl t38",
    "a=T38FaxVersion:0",
    "a=T38MaxBitRate:14400",
    "a=T38FaxRateManagement:transferredTCF",
    "a=T38FaxUdpEC:t38UDPRedundancy",
)

SIX = sdp(
    "v=0",
    "o=- 1 1 IN IP6 2001:db8::1",
    "s=-",
    "c=IN IP6 2001:db8::1",
    "t=0 0",
    "m=audio 6000 RTP/AVP 0",
)
