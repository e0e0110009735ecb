"""`[limits]`: what the outside may send, every figure with a name and a unit.

Bytes are octets, times are seconds unless the name says `_ms`, and everything else is a count.
Each figure holds for n and is refused at n + 1.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from b2bua.app.settings_file import Section

Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class LimitsSettings(Section):
    """Bounds on hostile or broken input, and on our own size."""

    # Our own size
    calls: Count = 2_000
    """Live calls; an INVITE beyond them gets 503 with Retry-After."""
    shed_lag_ms: Annotated[float, Field(gt=0)] = 500.0
    """Median delay of the reactor, in milliseconds, beyond which new calls get 503."""
    retry_after_min: Count = 1
    retry_after_max: Count = 10
    """The 503's Retry-After is a random number of seconds between these two."""

    # SIP messages
    sip_message_bytes: Count = 65_536
    sip_headers: Count = 256
    sip_line_bytes: Count = 8_192
    sip_vias: Count = 70
    sip_routes: Count = 20
    sip_params: Count = 100
    sip_datagram_bytes: Count = 1_300
    """Bytes of a request of ours beyond which it goes by TCP (RFC 3261 section 18.1.1)."""

    # SIP over streams
    stream_message_timeout: Seconds = 5.0
    """Seconds a peer may take to finish a message it began."""
    stream_header_bytes: Count = 16_384
    stream_connections_per_address: Count = 100
    stream_connections: Count = 2_000

    # Calls and authentication
    call_legs: Count = 50
    """Legs in a call's family: the caller, everyone it rang, and whom those rang."""
    call_depth: Count = 5
    """How many times a call may come back to us before it gets 482."""
    response_amplification: Annotated[float, Field(ge=1)] = 2.0
    """Bytes of a response before authentication, as a multiple of the request's."""
    digest_nonce_lifetime: Seconds = 30.0
    digest_md5: bool | Literal["only"] = True
    """Whether MD5 is offered after SHA-256; "only" for phones that cannot read the latter."""
    digest_failures_per_user: Count = 5
    digest_failures_per_address: Count = 20
    """Failures a minute, after which the source is not answered for `digest_silence`."""
    digest_silence: Seconds = 60.0

    # Registered phones
    register_expires_min: Count = 60
    """Seconds; a REGISTER that asks for less gets 423.  Above 3,600 it counts as 3,600."""
    register_expires_max: Count = 3_600
    """Seconds that a contact is bound at most."""
    contacts_per_user: Count = 10
    contacts: Count = 20_000
    """Contacts of all users together."""
    registers_per_second: Count = 200
    """Accepted a second, of all users together; one more gets 503."""

    # Media
    media_port_min: Annotated[int, Field(ge=0, le=65_535)] = 1_024
    """The lowest port in a peer's SDP that media is sent to."""
    rtp_bytes_min: Count = 12
    rtp_bytes_max: Count = 1_500
    rtp_excess_packets: Count = 200
    """Packets a second a stream may send beyond what its ptime says."""
    nat_packets: Count = 4
    """Packets in order from another address before NAT mode follows them."""
    dtmf_event_seconds: Seconds = 8.0
    dtmf_digits_per_second: Count = 20

    recording_seconds: Seconds = 14_400.0
    """Seconds after which a recording ends by itself."""

    # RCML documents
    document_bytes: Count = 65_536
    document_verbs: Count = 100
    document_depth: Count = 8
    document_attributes: Count = 32
    """Attributes of one element."""
    document_value_characters: Count = 4_096
    """Characters of one attribute value or text."""
    dial_nouns: Count = 10
    send_digits: Count = 32
    documents_without_input: Count = 50
    """Documents in a row without input from the caller."""
    call_seconds: Seconds = 14_400.0
    """How long a router may keep a call, in seconds."""
    play_bytes: Count = 10_485_760
    play_seconds: Count = 600
    """How long what <Play> plays may be, in whole seconds."""

    # Webhooks
    response_header_bytes: Count = 16_384
    response_headers: Count = 100
    response_body_bytes: Count = 65_536
    """Of any answer but that of <Play>; a document has `document_bytes` of its own, too."""
    connect_timeout: Seconds = 5.0
    header_timeout: Seconds = 10.0
    response_timeout: Seconds = 15.0
    """Seconds from the start of the request to the last byte of the body."""
    redirects: Annotated[int, Field(ge=0)] = 10
    connections_per_host: Count = 10
    connections_per_account: Count = 20
    cache_bytes: Annotated[int, Field(ge=0)] = 67_108_864
    """Of all answers kept by ETag and Last-Modified; 0 keeps none."""
    cache_bytes_per_account: Count = 16_777_216
    cache_entries_per_account: Count = 1_000
    circuit_failures: Count = 5
    """Failures in a row after which a host is not asked for `circuit_pause`."""
    circuit_pause: Seconds = 5.0
    circuit_pause_most: Seconds = 60.0
    """What the pause grows to while the host goes on failing."""

    # Status callbacks, and the store
    callback_hold: Seconds = 86_400.0
    """Seconds that an event which fails holds up the later ones of its leg."""
    callback_retry_most: Seconds = 900.0
    callback_give_up: Seconds = 86_400.0
    """Seconds after which an event that was not delivered is a dead letter."""
    callbacks_in_memory: Count = 100_000
    callbacks_in_memory_per_account: Count = 20_000
    """Events that wait for delivery in memory; all others wait in the store alone."""
    store_kept_rows: Count = 200_000
    """Rows that wait in memory for a database that is away; beyond them rows are lost."""

    # REST
    rest_body_bytes: Count = 65_536
    rest_requests_per_second: Count = 20
    """Requests a second of one key."""
    account_calls_per_second: Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)] = 1.0
    """How fast the calls that one account asks for are dialled; the others wait in its queue."""
    account_calls_queued: Count = 1_000
    """Calls of one account that may wait to be dialled."""
    account_numbers: Count = 1_000
    """Incoming phone numbers of one account."""
    call_records: Count = 10_000
    """Calls that are over and still listed, newest first."""
