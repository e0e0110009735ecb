/* Every packet lies flush against an unmapped page. */
#include "check.h"
#include "rtp.h"

static bool reads(const char *packet, size_t size, struct rtp_header *header)
{
	return rtp_read(flush_right(packet, size), size, header);
}

#define READS(literal, header) reads(literal, sizeof(literal) - 1, header)
#define TWELVE "\x80\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"

static void a_header_is_read(void)
{
	struct rtp_header header;

	CHECK(READS("\x80\xe5\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef", &header));
	CHECK(header.marker && header.payload_type == 101 && header.sequence == 0x1234);
	CHECK(header.timestamp == 160 && header.ssrc == 0xdeadbeef);
	CHECK(header.payload_offset == RTP_HEADER_BYTES && !header.padded);
}

static void every_shorter_packet_is_refused(void)
{
	struct rtp_header header;

	for (size_t size = 0; size < RTP_HEADER_BYTES; size++)
		CHECK(!reads(TWELVE, size, &header));
}

static void the_longest_packet_is_read_and_one_byte_more_is_not(void)
{
	uint8_t packet[RTP_PACKET_BYTES_MOST + 1] = { 0x80 };
	struct rtp_header header;

	CHECK(rtp_read(flush_right(packet, RTP_PACKET_BYTES_MOST), RTP_PACKET_BYTES_MOST, &header));
	CHECK(!rtp_read(flush_right(packet, sizeof packet), sizeof packet, &header));
}

static void other_versions_and_rtcp_are_refused(void)
{
	struct rtp_header header;

	CHECK(!READS("\x00\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef", &header));
	CHECK(!READS("\x40\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef", &header));
	CHECK(!READS("\xc0\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef", &header));
	CHECK(!READS("\x80\xc8\x00\x02\x00\x00\x00\xa0\xde\xad\xbe\xef", &header));
}

static void csrcs_must_fit(void)
{
	struct rtp_header header;

	CHECK(READS("\x81\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
		    "\1\2\3\4",
		    &header));
	CHECK(header.payload_offset == 16);
	CHECK(!READS("\x81\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
		     "\1\2\3",
		     &header));
	CHECK(!READS("\x8f\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef", &header));
}

static void an_extension_must_fit(void)
{
	struct rtp_header header;

	CHECK(READS("\x90\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
		    "\xbe\xde\x00\x01\1\2\3\4",
		    &header));
	CHECK(header.payload_offset == 20);
	CHECK(READS("\x90\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
		    "\xbe\xde\x00\x00",
		    &header));
	CHECK(!READS("\x90\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
		     "\xbe\xde\x00\x01\1\2\3",
		     &header));
	CHECK(!READS("\x90\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
		     "\xbe\xde\x00",
		     &header));
	CHECK(!READS("\x90\x00\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
		     "\xbe\xde\xff\xff",
		     &header));
}

static void what_is_written_is_read(void)
{
	const struct rtp_header written = {
		.marker = true, .payload_type = 8, .sequence = 65535, .timestamp = 7, .ssrc = 9
	};
	uint8_t packet[RTP_HEADER_BYTES];
	struct rtp_header header;

	rtp_write(packet, &written);
	CHECK(rtp_read(flush_right(packet, sizeof packet), sizeof packet, &header));
	CHECK(header.marker && header.payload_type == 8 && header.sequence == 65535);
	CHECK(header.timestamp == 7 && header.ssrc == 9);
	rtp_set_payload_type(packet, 97);
	CHECK(rtp_read(packet, sizeof packet, &header));
	CHECK(header.marker && header.payload_type == 97);
}

static bool reads_event(const char *packet, size_t size, struct rtp_event *event)
{
	uint8_t *copy = flush_right(packet, size);
	struct rtp_header header;

	CHECK(rtp_read(copy, size, &header));
	return rtp_event_read(copy, size, &header, event);
}

#define READS_EVENT(literal, event) reads_event(literal, sizeof(literal) - 1, event)

static void an_event_is_read(void)
{
	struct rtp_event event;

	CHECK(READS_EVENT(TWELVE "\x0b\x8a\x03\x20", &event));
	CHECK(event.code == 11 && event.end && event.volume == 10 && event.duration == 800);
	CHECK(READS_EVENT(TWELVE "\x01\x0a\x03\x20", &event));
	CHECK(!event.end);
	CHECK(!READS_EVENT(TWELVE "\x01\x0a\x03", &event));
	CHECK(!READS_EVENT(TWELVE, &event));
}

static void padding_is_no_event(void)
{
	struct rtp_event event;

	CHECK(!READS_EVENT("\xa0\x65\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
			   "\0\0\0\4",
			   &event));
	CHECK(!READS_EVENT("\xa0\x65\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
			   "\0\0\0\xff",
			   &event));
	CHECK(READS_EVENT("\xa0\x65\x12\x34\x00\x00\x00\xa0\xde\xad\xbe\xef"
			  "\1\2\3\4\0\0\0\4",
			  &event));
}

static bool is_rtcp(const char *packet, size_t size)
{
	return rtcp_check(flush_right(packet, size), size);
}

#define IS_RTCP(literal) is_rtcp(literal, sizeof(literal) - 1)

static void rtcp_lengths_must_fit(void)
{
	CHECK(IS_RTCP("\x80\xc9\x00\x01\1\2\3\4"));
	CHECK(IS_RTCP("\x80\xc9\x00\x01\1\2\3\4\x81\xcb\x00\x01\1\2\3\4"));
	CHECK(!IS_RTCP("\x80\xc9\x00\x02\1\2\3\4"));
	CHECK(!IS_RTCP("\x80\xc9\x00\x01\1\2\3\4\x81\xcb\x00\x02\1\2\3\4"));
	CHECK(!IS_RTCP("\x80\xc9\x00\x01\1\2\3"));
	CHECK(!IS_RTCP(""));
	CHECK(!IS_RTCP("\x80\x00\x00\x01\1\2\3\4"));
	CHECK(!IS_RTCP("\x40\xc9\x00\x01\1\2\3\4"));
}

static void what_srtcp_appends_is_left_alone(void)
{
	CHECK(IS_RTCP("\x80\xc9\x00\x01\1\2\3\4"
		      "\x00\x00\x00\x07tag-of-ten"));
}

int main(void)
{
	a_header_is_read();
	every_shorter_packet_is_refused();
	the_longest_packet_is_read_and_one_byte_more_is_not();
	other_versions_and_rtcp_are_refused();
	csrcs_must_fit();
	an_extension_must_fit();
	what_is_written_is_read();
	an_event_is_read();
	padding_is_no_event();
	rtcp_lengths_must_fit();
	what_srtcp_appends_is_left_alone();
	return 0;
}
