/* The whole relay on loopback: its thread, its sockets, and what it tells.  Real time. */
#include "rig.h"

#include <errno.h>
#include <pthread.h>

static void packets_cross_both_ways(const char *host)
{
	struct party a = party_make(host), b = party_make(host);
	struct address at_a, at_b;
	uint64_t sa, sb;
	uint8_t got[2000];
	struct relay_counts counts;

	begin(64);
	sa = open_at(host, STREAM_RTP, &at_a);
	sb = open_at(host, STREAM_RTP, &at_b);
	aim_at(sa, &a, 101);
	aim_at(sb, &b, 101);
	CHECK(relay_link(relay, sa, sb) == 0);
	send_to(&a, &at_a, audio, sizeof audio);
	CHECK(receive(&b, got, sizeof got) == sizeof audio && !memcmp(got, audio, sizeof audio));
	send_to(&b, &at_b, audio, 12);
	CHECK(receive(&a, got, sizeof got) == 12);
	CHECK(expect_notice(NOTICE_FIRST_PACKET).stream == sa);
	CHECK(expect_notice(NOTICE_FIRST_PACKET).stream == sb);
	CHECK(relay_close(relay, sa, &counts) == 0 && counts.received_packets == 1);
	CHECK(relay_count(relay, sa, &counts) == -ENOENT);
	CHECK(relay_aim(relay, sa, &(struct aim){ 0 }) == -ENOENT);
	CHECK(relay_link(relay, sa, sb) == -ENOENT && relay_link(relay, sb, sb) == -EINVAL);
	end();
	socket_close(a.socket);
	socket_close(b.socket);
}

static void a_closed_stream_is_linked_no_more(void)
{
	const struct relay_limits limits = { .streams = 2, .notices = 8 };
	struct party a = party_make("127.0.0.1"), b = party_make("127.0.0.1");
	struct address at_a, at_b;
	struct relay_counts counts;
	uint64_t sa, sb;
	uint8_t got[2000];

	CHECK(relay_make(&relay, &limits) == 0 && relay_start(relay) == 0);
	sa = open_at("127.0.0.1", STREAM_RTP, &at_a);
	sb = open_at("127.0.0.1", STREAM_RTP, &at_b);
	aim_at(sa, &a, 101);
	CHECK(relay_link(relay, sa, sb) == 0);
	CHECK(relay_close(relay, sb, &counts) == 0);
	while (relay_open(relay, STREAM_RTP, &at_b, &sb) != 0) /* in the same slot */
		(void)poll(NULL, 0, 1);
	aim_at(sb, &b, 101);
	send_to(&a, &at_a, audio, 12);
	(void)expect_notice(NOTICE_FIRST_PACKET);
	CHECK(relay_link(relay, sa, sb) == 0);
	send_to(&a, &at_a, audio, sizeof audio);
	CHECK(receive(&b, got, sizeof got) == sizeof audio);
	end();
	socket_close(a.socket);
	socket_close(b.socket);
}

static void prompts_replace_each_other_and_each_is_told(void)
{
	struct party a = party_make("127.0.0.1");
	const uint8_t octets[1600] = { 0 };
	struct address at_a;
	uint8_t got[2000];
	uint64_t sa;

	begin(64);
	sa = open_at("127.0.0.1", STREAM_RTP, &at_a);
	CHECK(relay_play(relay, sa, 1, octets, sizeof octets, true) == 0);
	CHECK(relay_play(relay, sa, 2, octets, sizeof octets, true) == 0);
	CHECK(expect_notice(NOTICE_PLAYED).token == 1);
	aim_at(sa, &a, 101);
	CHECK(receive(&a, got, sizeof got) == 172);
	CHECK(relay_press(relay, sa, 3, "1") == 0);
	CHECK(expect_notice(NOTICE_PLAYED).token == 2);
	CHECK(expect_notice(NOTICE_PLAYED).token == 3);
	CHECK(relay_quiet(relay, sa) == 0);
	CHECK(relay_play(relay, sa, 4, NULL, 0, false) == 0);
	CHECK(expect_notice(NOTICE_PLAYED).token == 4);
	CHECK(relay_press(relay, sa, 5, "x") == -EINVAL);
	end();
	socket_close(a.socket);
}

static void a_prompt_keeps_the_clock(void)
{
	struct party a = party_make("127.0.0.1");
	static const uint8_t octets[50 * 160];
	struct address at_a;
	uint8_t got[2000];
	uint64_t sa, begun_ns, took_ns;

	begin(64);
	sa = open_at("127.0.0.1", STREAM_RTP, &at_a);
	aim_at(sa, &a, 101);
	begun_ns = clock_now();
	CHECK(relay_play(relay, sa, 1, octets, sizeof octets, false) == 0);
	for (unsigned i = 0; i < 50; i++)
		CHECK(receive(&a, got, sizeof got) == 172);
	took_ns = clock_now() - begun_ns;
	CHECK(took_ns >= 49 * FRAME_NS && took_ns < 49 * FRAME_NS + NS_PER_SECOND);
	CHECK(expect_notice(NOTICE_PLAYED).token == 1);
	end();
	socket_close(a.socket);
}

static void silence_and_keys_are_told(void)
{
	uint8_t event[16] = { 0x80, 101, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0, 5, 0x0a, 3, 0x20 };
	struct party a = party_make("127.0.0.1");
	struct address at_a;
	struct notice notice;
	uint64_t sa;

	begin(64);
	sa = open_at("127.0.0.1", STREAM_RTP, &at_a);
	aim_at(sa, &a, 101);
	CHECK(relay_watch(relay, sa, 50 * NS_PER_MS) == 0);
	CHECK(expect_notice(NOTICE_SILENT).stream == sa);
	send_to(&a, &at_a, event, sizeof event); /* its end never comes */
	(void)expect_notice(NOTICE_FIRST_PACKET);
	notice = expect_notice(NOTICE_PRESSED);
	CHECK(notice.digit == '5' && notice.duration_ms == 100);
	end();
	socket_close(a.socket);
}

static void a_full_ring_loses_notices_and_counts_them(void)
{
	struct party a = party_make("127.0.0.1");
	struct address at_a;
	struct notice notice;
	unsigned count = 0;
	uint64_t sa;

	begin(4);
	sa = open_at("127.0.0.1", STREAM_RTP, &at_a);
	aim_at(sa, &a, 101);
	for (int64_t token = 0; token < 10; token++)
		CHECK(relay_play(relay, sa, token, audio, sizeof audio, true) == 0);
	for (int i = 0; i < PATIENCE_MS && relay_notices_dropped(relay) < 5; i++)
		(void)poll(NULL, 0, 1);
	while (relay_take_notice(relay, &notice))
		count++;
	CHECK(count == 4 && relay_notices_dropped(relay) == 5);
	end();
	socket_close(a.socket);
}

static void a_taken_port_is_refused_and_leaves_nothing_open(void)
{
	struct party a = party_make("127.0.0.1");
	uint64_t handle;

	begin(4);
	CHECK(relay_open(relay, STREAM_RAW, &a.address, &handle) == -EADDRINUSE);
	end();
	socket_close(a.socket);
}

static void more_streams_than_there_are_slots_are_refused(void)
{
	const struct relay_limits limits = { .streams = 1, .notices = 1 };
	struct address address;
	struct relay_counts counts;
	uint64_t handle = 0, first;
	int fault;

	CHECK(relay_make(&relay, &limits) == 0);
	CHECK(address_read("127.0.0.1", 0, &address));
	CHECK(relay_open(relay, STREAM_RAW, &address, &handle) == -EINVAL);
	CHECK(relay_start(relay) == 0 && relay_start(relay) == -EALREADY);
	CHECK(relay_open(relay, STREAM_RAW, &address, &handle) == 0);
	first = handle;
	CHECK(relay_open(relay, STREAM_RAW, &address, &handle) == -ENOSPC);
	CHECK(relay_play(relay, first, 1, audio, 1, false) == -EINVAL);
	CHECK(relay_close(relay, first, &counts) == 0 && counts.last_received_ms_ago == -1);
	do
		fault = relay_open(relay, STREAM_RAW, &address, &handle);
	while (fault == -ENOSPC);
	CHECK(fault == 0 && handle != first);
	relay_stop(relay);
	CHECK(relay_count(relay, handle, &counts) == -ENOENT && relay_descriptor(relay) == -1);
	CHECK(relay_start(relay) == 0);
	CHECK(relay_open(relay, STREAM_RAW, &address, &handle) == 0);
	end();
}

static atomic_bool is_over;

static void *flood(void *argument)
{
	const struct address *to = argument;
	struct party party = party_make("127.0.0.1");
	uint8_t packet[172] = { 0x80 };

	for (uint16_t i = 0; !atomic_load(&is_over); i++) {
		packet[2] = (uint8_t)(i >> 8);
		packet[3] = (uint8_t)i;
		(void)socket_send(party.socket, to, packet, sizeof packet);
	}
	socket_close(party.socket);
	return NULL;
}

/* Every command, again and again, while packets come: what the thread sanitizer looks at. */
static void commands_and_packets_do_not_disturb_each_other(void)
{
	struct party a = party_make("127.0.0.1");
	const uint8_t octets[160] = { 0 };
	struct relay_counts counts;
	struct address at_a, at_b;
	pthread_t thread;
	struct notice notice;
	struct aim aim = { .rtp = a.address, .nat = true };
	static uint8_t taken[TAP_BYTES];
	size_t size;

	begin(8);
	atomic_store(&is_over, false);
	(void)relay_close(relay, open_at("127.0.0.1", STREAM_RTP, &at_a), &counts);
	CHECK(pthread_create(&thread, NULL, flood, &at_a) == 0);
	for (unsigned round = 0; round < 300; round++) {
		uint64_t tap, sa = 0, sb = open_at("127.0.0.1", STREAM_RTP, &at_b);

		while (relay_open(relay, STREAM_RTP, &at_a, &sa) != 0)
			(void)poll(NULL, 0, 1); /* its old sockets are still being closed */
		CHECK(relay_aim(relay, sa, &aim) == 0 && relay_aim(relay, sb, &aim) == 0);
		CHECK(relay_link(relay, sa, sb) == 0);
		CHECK(relay_watch(relay, sa, 1) == 0);
		CHECK(relay_tap_open(relay, &tap) == 0 && relay_tap(relay, sa, tap, 1) == 0);
		CHECK(relay_play(relay, sa, round, octets, sizeof octets, true) == 0);
		CHECK(relay_press(relay, sb, round, "12") == 0);
		CHECK(relay_count(relay, sa, &counts) == 0);
		CHECK(relay_tap_take(relay, tap, taken, &size) == 0);
		if (round % 3 == 0)
			CHECK(relay_tap(relay, sa, 0, 0) == 0);
		relay_tap_close(relay, tap); /* while the stream may have it still */
		if (round % 2 != 0)
			CHECK(relay_quiet(relay, sa) == 0 && relay_unlink(relay, sa) == 0);
		while (round % 8 == 0 && relay_take_notice(relay, &notice))
			;
		CHECK(relay_close(relay, sb, &counts) == 0);
		CHECK(relay_close(relay, sa, &counts) == 0);
	}
	end();
	atomic_store(&is_over, true);
	CHECK(pthread_join(thread, NULL) == 0);
	socket_close(a.socket);
}

int main(void)
{
	packets_cross_both_ways("127.0.0.1");
	packets_cross_both_ways("::1");
	a_closed_stream_is_linked_no_more();
	prompts_replace_each_other_and_each_is_told();
	a_prompt_keeps_the_clock();
	silence_and_keys_are_told();
	a_full_ring_loses_notices_and_counts_them();
	a_taken_port_is_refused_and_leaves_nothing_open();
	more_streams_than_there_are_slots_are_refused();
	commands_and_packets_do_not_disturb_each_other();
	return 0;
}
