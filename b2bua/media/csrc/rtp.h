/*
 * RTP and RTCP packets as they stand on the wire (RFC 3550), and telephone-events in them
 * (RFC 4733): read, checked, written.  Nothing here keeps state.
 */
#ifndef B2BUA_RTP_H
#define B2BUA_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RTP_VERSION = 2,
	RTP_HEADER_BYTES = 12,
	RTP_PACKET_BYTES_MOST = 1500,
	RTP_PAYLOAD_TYPE_MOST = 127,
	RTP_EVENT_BYTES = 4,
	RTP_CLOCK_HZ = 8000, /* of G.711 and of telephone-event beside it */
	RTCP_HEADER_BYTES = 8,
	RTCP_TYPE_FIRST = 192, /* RFC 5761 section 4: 192-223 are RTCP */
	RTCP_TYPE_LAST = 223,
};

struct rtp_header {
	bool marker;
	bool padded;
	uint8_t payload_type;
	uint16_t sequence;
	uint32_t timestamp;
	uint32_t ssrc;
	size_t payload_offset; /* behind CSRCs and extension; not used in writing */
};

/* RFC 4733 section 2.3.  `duration` is in ticks of RTP_CLOCK_HZ. */
struct rtp_event {
	uint8_t code;
	bool end;
	uint8_t volume;
	uint16_t duration;
};

/* Read a whole RTP packet; false: it is not one, or its header is longer than it. */
bool rtp_read(const uint8_t *packet, size_t size, struct rtp_header *header);

/* Write a header without CSRCs, extension or padding. */
void rtp_write(uint8_t packet[static RTP_HEADER_BYTES], const struct rtp_header *header);

/* Change the payload type alone; the marker stays. */
void rtp_set_payload_type(uint8_t *packet, uint8_t payload_type);

/* Read the telephone-event of a packet that `rtp_read` has accepted. */
bool rtp_event_read(const uint8_t *packet, size_t size, const struct rtp_header *header,
		    struct rtp_event *event);

void rtp_event_write(uint8_t payload[static RTP_EVENT_BYTES], const struct rtp_event *event);

/* Say whether these are RTCP packets whose lengths fit (RFC 3550 section 6.1). */
bool rtcp_check(const uint8_t *packet, size_t size);

#endif
