#include "rtp.h"

static uint16_t read_16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t read_32(const uint8_t *at)
{
	return (uint32_t)read_16(at) << 16 | read_16(at + 2);
}

static void write_16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void write_32(uint8_t *at, uint32_t value)
{
	write_16(at, (uint16_t)(value >> 16));
	write_16(at + 2, (uint16_t)value);
}

/* The length of CSRCs and extension as well, or 0 if it is more than there is. */
static size_t header_bytes(const uint8_t *packet, size_t size)
{
	size_t bytes = RTP_HEADER_BYTES + 4 * (size_t)(packet[0] & 0x0f);

	if (packet[0] & 0x10) {
		if (bytes + 4 > size)
			return 0;
		bytes += 4 + 4 * (size_t)read_16(packet + bytes + 2);
	}
	return bytes > size ? 0 : bytes;
}

bool rtp_read(const uint8_t *packet, size_t size, struct rtp_header *header)
{
	if (size < RTP_HEADER_BYTES || size > RTP_PACKET_BYTES_MOST)
		return false;
	if (packet[0] >> 6 != RTP_VERSION)
		return false;
	if (packet[1] >= RTCP_TYPE_FIRST && packet[1] <= RTCP_TYPE_LAST)
		return false;
	header->payload_offset = header_bytes(packet, size);
	header->padded = (packet[0] & 0x20) != 0;
	header->marker = (packet[1] & 0x80) != 0;
	header->payload_type = packet[1] & 0x7f;
	header->sequence = read_16(packet + 2);
	header->timestamp = read_32(packet + 4);
	header->ssrc = read_32(packet + 8);
	return header->payload_offset != 0;
}

void rtp_write(uint8_t packet[static RTP_HEADER_BYTES], const struct rtp_header *header)
{
	packet[0] = RTP_VERSION << 6;
	packet[1] = (uint8_t)(header->marker ? 0x80 : 0) | header->payload_type;
	write_16(packet + 2, header->sequence);
	write_32(packet + 4, header->timestamp);
	write_32(packet + 8, header->ssrc);
}

void rtp_set_payload_type(uint8_t *packet, uint8_t payload_type)
{
	packet[1] = (uint8_t)((packet[1] & 0x80) | payload_type);
}

bool rtp_event_read(const uint8_t *packet, size_t size, const struct rtp_header *header,
		    struct rtp_event *event)
{
	const uint8_t *payload = packet + header->payload_offset;
	size_t padding = header->padded ? packet[size - 1] : 0;

	if (header->payload_offset + RTP_EVENT_BYTES + padding > size)
		return false;
	event->code = payload[0];
	event->end = (payload[1] & 0x80) != 0;
	event->volume = payload[1] & 0x3f;
	event->duration = read_16(payload + 2);
	return true;
}

void rtp_event_write(uint8_t payload[static RTP_EVENT_BYTES], const struct rtp_event *event)
{
	payload[0] = event->code;
	payload[1] = (uint8_t)(event->end ? 0x80 : 0) | (event->volume & 0x3f);
	write_16(payload + 2, event->duration);
}

static bool rtcp_begins(const uint8_t *packet, size_t size)
{
	return size >= 4 && packet[0] >> 6 == RTP_VERSION && packet[1] >= RTCP_TYPE_FIRST &&
	       packet[1] <= RTCP_TYPE_LAST;
}

/* What follows the last packet is left alone: SRTCP has an index and a tag there (RFC 3711). */
bool rtcp_check(const uint8_t *packet, size_t size)
{
	size_t at = 0;

	if (size < RTCP_HEADER_BYTES || size > RTP_PACKET_BYTES_MOST || !rtcp_begins(packet, size))
		return false;
	while (rtcp_begins(packet + at, size - at)) {
		at += 4 + 4 * (size_t)read_16(packet + at + 2);
		if (at > size)
			return false;
	}
	return true;
}
