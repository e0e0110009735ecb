/* What a stream does with a packet: counting, limiting, keys, and the peer's payload type. */
#include "check.h"
#include "deadlines.h"
#include "stream.h"

enum { LIMIT = 250 };

#define NOW (1000 * NS_PER_SECOND)

static struct address peer_address(void)
{
	struct address address;

	CHECK(address_read("127.0.0.1", 4000, &address));
	return address;
}

static void open_aimed(struct stream *stream, enum stream_kind kind, int event_type)
{
	const struct opening opening = { .kind = kind, .handle = 1, .rtcp_socket = 5 };
	struct aim aim = { .format = { .payload_type = 0, .event_type = event_type } };

	memset(stream, 0, sizeof *stream);
	stream_open(stream, &opening, NOW);
	aim.rtp = peer_address();
	aim.rtcp = address_with_port(&aim.rtp, 4001);
	stream_aim(stream, &aim);
}

static enum verdict hear(struct stream *stream, const void *packet, size_t size,
			 struct heard *heard)
{
	const struct address from = peer_address();

	return stream_hear(stream, flush_right(packet, size), size, &from, LIMIT, NOW, heard);
}

static const uint8_t audio[172] = { 0x80, 0x00, 0, 1 };
static const uint8_t event[16] = { 0x80, 101, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0, 5, 0x8a, 3, 0x20 };

static void a_good_packet_is_counted_and_passed(void)
{
	struct stream stream;
	struct heard heard;

	open_aimed(&stream, STREAM_RTP, 101);
	CHECK(hear(&stream, audio, sizeof audio, &heard) == VERDICT_PASS && heard.is_first);
	CHECK(hear(&stream, audio, sizeof audio, &heard) == VERDICT_PASS && !heard.is_first);
	CHECK(stream.counters.received_packets == 2 && stream.counters.received_bytes == 344);
	CHECK(stream.counters.last_received_ns == NOW && stream.counters.dropped_packets == 0);
}

static void what_is_no_rtp_is_dropped_and_counted(void)
{
	struct stream stream;
	struct heard heard;

	open_aimed(&stream, STREAM_RTP, 101);
	CHECK(hear(&stream, audio, 11, &heard) == VERDICT_DROP && !heard.is_first);
	CHECK(hear(&stream, "", 0, &heard) == VERDICT_DROP);
	CHECK(stream.counters.received_packets == 0 && stream.counters.dropped_packets == 2);
}

static void raw_packets_pass_as_they_come(void)
{
	const uint8_t most[RTP_PACKET_BYTES_MOST + 1] = { 0 };
	struct stream stream;
	struct heard heard;

	open_aimed(&stream, STREAM_RAW, 0);
	CHECK(hear(&stream, "", 0, &heard) == VERDICT_PASS && heard.is_first);
	CHECK(hear(&stream, most, RTP_PACKET_BYTES_MOST, &heard) == VERDICT_PASS);
	CHECK(hear(&stream, most, sizeof most, &heard) == VERDICT_DROP);
	CHECK(!heard.is_event);
}

static void too_many_packets_are_dropped(void)
{
	struct stream stream;
	struct heard heard;

	open_aimed(&stream, STREAM_RTP, 101);
	for (unsigned i = 0; i < LIMIT; i++)
		CHECK(hear(&stream, audio, sizeof audio, &heard) == VERDICT_PASS);
	CHECK(hear(&stream, audio, sizeof audio, &heard) == VERDICT_DROP);
}

static void strangers_do_not_use_up_the_limit(void)
{
	struct stream stream;
	struct address stranger;
	struct heard heard;
	uint8_t packet[sizeof audio];

	open_aimed(&stream, STREAM_RTP, 101);
	CHECK(address_read("127.0.0.1", 4002, &stranger));
	memcpy(packet, audio, sizeof packet);
	for (unsigned i = 0; i < 2 * LIMIT; i++)
		CHECK(stream_hear(&stream, packet, sizeof packet, &stranger, LIMIT, NOW, &heard) ==
		      VERDICT_DROP);
	CHECK(hear(&stream, audio, sizeof audio, &heard) == VERDICT_PASS);
}

static void a_key_is_told_and_passed(void)
{
	struct stream stream;
	struct heard heard;

	open_aimed(&stream, STREAM_RTP, 101);
	CHECK(hear(&stream, event, sizeof event, &heard) == VERDICT_PASS);
	CHECK(heard.press_count == 1 && heard.presses[0].digit == '5');
	CHECK(hear(&stream, event, sizeof event, &heard) == VERDICT_PASS && !heard.press_count);
}

static void a_blocked_key_is_told_and_kept(void)
{
	struct stream stream;
	struct heard heard;

	open_aimed(&stream, STREAM_RTP, 101);
	stream.blocked_events = 1 << 5;
	CHECK(hear(&stream, event, sizeof event, &heard) == VERDICT_KEEP);
	CHECK(heard.press_count == 1);
	stream.blocked_events = 1 << 6;
	CHECK(hear(&stream, event, sizeof event, &heard) == VERDICT_PASS);
}

static void events_cross_under_the_peers_payload_type(void)
{
	const struct address from = peer_address();
	uint8_t packet[sizeof event], expected[sizeof event];
	struct stream a, b;
	struct heard heard;

	open_aimed(&a, STREAM_RTP, 101);
	open_aimed(&b, STREAM_RTP, 97);
	stream_link(&a, &b);
	memcpy(packet, event, sizeof packet);
	memcpy(expected, event, sizeof expected);
	expected[1] = 97;
	CHECK(stream_hear(&a, packet, sizeof packet, &from, 0, NOW, &heard) == VERDICT_PASS);
	CHECK(memcmp(packet, expected, sizeof packet) == 0);
}

static void a_key_from_before_the_link_never_crosses(void)
{
	uint8_t packet[sizeof event];
	struct stream a, b;
	struct heard heard;

	open_aimed(&a, STREAM_RTP, 101);
	open_aimed(&b, STREAM_RTP, 101);
	(void)hear(&a, event, sizeof event, &heard);
	CHECK(heard.press_count == 1);
	stream_link(&a, &b);
	CHECK(hear(&a, event, sizeof event, &heard) == VERDICT_KEEP); /* its end, sent again */
	memcpy(packet, event, sizeof packet);
	packet[6] = 0x10; /* a later timestamp: another press */
	CHECK(hear(&a, packet, sizeof packet, &heard) == VERDICT_PASS && heard.press_count == 1);
	CHECK(hear(&a, event, sizeof event, &heard) == VERDICT_KEEP);
	stream_link(&a, &b); /* nothing new */
	CHECK(hear(&a, packet, sizeof packet, &heard) == VERDICT_PASS);
}

static void all_else_crosses_byte_for_byte(void)
{
	const struct address from = peer_address();
	struct stream a, b;
	struct heard heard;
	uint8_t packet[sizeof event];

	open_aimed(&a, STREAM_RTP, 101);
	open_aimed(&b, STREAM_RTP, VOICE_NO_EVENTS);
	stream_link(&a, &b);
	memcpy(packet, event, sizeof packet);
	CHECK(stream_hear(&a, packet, sizeof packet, &from, 0, NOW, &heard) == VERDICT_PASS);
	CHECK(memcmp(packet, event, sizeof packet) == 0);
}

static void a_new_link_ends_the_old_ones(void)
{
	struct stream a, b, c, d;

	open_aimed(&a, STREAM_RTP, 101);
	open_aimed(&b, STREAM_RTP, 101);
	open_aimed(&c, STREAM_RTP, 101);
	open_aimed(&d, STREAM_RTP, 101);
	stream_link(&a, &b);
	stream_link(&c, &d);
	stream_link(&a, &c);
	CHECK(a.peer == &c && c.peer == &a && b.peer == NULL && d.peer == NULL);
	stream_link(&a, &c);
	CHECK(a.peer == &c && c.peer == &a);
	stream_unlink(&c);
	stream_unlink(&c);
	CHECK(a.peer == NULL && c.peer == NULL);
}

static void what_it_says_itself_comes_before_what_it_passes(void)
{
	struct stream stream;

	open_aimed(&stream, STREAM_RTP, 101);
	CHECK(stream_passes(&stream) && stream_passes_rtcp(&stream));
	voice_press(&stream.voice, 1, "1");
	CHECK(!stream_passes(&stream) && stream_passes_rtcp(&stream));
	CHECK(voice_end(&stream.voice) == NULL);
	CHECK(stream_passes(&stream));
}

static void rtcp_is_checked_and_counted_apart(void)
{
	static const uint8_t report[8] = { 0x80, 201, 0, 1 };
	const struct address rtp = peer_address(), from = address_with_port(&rtp, 4001);
	struct stream stream;

	open_aimed(&stream, STREAM_RTP, 101);
	CHECK(stream_hear_rtcp(&stream, flush_right(report, 8), 8, &from, LIMIT, NOW) ==
	      VERDICT_PASS);
	CHECK(stream_hear_rtcp(&stream, flush_right(report, 8), 8, &rtp, LIMIT, NOW) ==
	      VERDICT_DROP);
	CHECK(stream_hear_rtcp(&stream, flush_right(report, 7), 7, &from, LIMIT, NOW) ==
	      VERDICT_DROP);
	CHECK(stream.counters.rtcp_packets == 1 && stream.counters.received_packets == 0);
	CHECK(stream.counters.dropped_packets == 2);
}

static void silence_is_counted_from_the_last_packet_or_the_watch(void)
{
	struct stream stream;
	struct heard heard;

	open_aimed(&stream, STREAM_RTP, 101);
	CHECK(stream_silent_due(&stream) == DEADLINE_NEVER);
	stream.watch_ns = 10;
	stream.watched_from_ns = NOW - 5;
	CHECK(stream_silent_due(&stream) == NOW + 5);
	(void)hear(&stream, audio, sizeof audio, &heard);
	CHECK(stream_silent_due(&stream) == NOW + 10);
}

int main(void)
{
	a_good_packet_is_counted_and_passed();
	what_is_no_rtp_is_dropped_and_counted();
	raw_packets_pass_as_they_come();
	too_many_packets_are_dropped();
	strangers_do_not_use_up_the_limit();
	a_key_is_told_and_passed();
	a_blocked_key_is_told_and_kept();
	events_cross_under_the_peers_payload_type();
	a_key_from_before_the_link_never_crosses();
	all_else_crosses_byte_for_byte();
	a_new_link_ends_the_old_ones();
	what_it_says_itself_comes_before_what_it_passes();
	rtcp_is_checked_and_counted_apart();
	silence_is_counted_from_the_last_packet_or_the_watch();
	return 0;
}
