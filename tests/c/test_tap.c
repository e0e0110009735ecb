#include "rig.h"
#include "taps.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

enum { PACKETS = 50000, OCTETS = 160, PACKET_BYTES = RTP_HEADER_BYTES + OCTETS };

static uint8_t taken[2 * TAP_BYTES];

static void put(struct tap *tap, const uint8_t *bytes, size_t size)
{
	const uint8_t *packet = flush_right(bytes, size);
	struct rtp_header header;

	CHECK(rtp_read(packet, size, &header));
	tap_put(tap, 1, packet, size, &header, 7);
}

static struct tapped tapped_at(size_t at)
{
	struct tapped tapped;

	memcpy(&tapped, taken + at, sizeof tapped);
	return tapped;
}

static void put_number(struct tap *tap, uint16_t sequence)
{
	uint8_t packet[PACKET_BYTES] = { 0x80, 0, (uint8_t)(sequence >> 8), (uint8_t)sequence };

	memset(packet + RTP_HEADER_BYTES, (uint8_t)sequence, OCTETS);
	put(tap, packet, sizeof packet);
}

static void check_number(size_t at, uint16_t sequence)
{
	struct tapped tapped = tapped_at(at);

	CHECK(tapped.sequence == sequence && tapped.size == OCTETS);
	for (size_t i = 0; i < OCTETS; i++)
		CHECK(taken[at + TAPPED_BYTES + i] == (uint8_t)sequence);
}

static void a_packet_comes_out_without_header_and_padding(void)
{
	/* A CSRC, an extension of one word, three octets, two of padding. */
	const uint8_t packet[] = { 0xb1, 0x88, 1, 2, 0, 0, 3, 4, 9, 9,	 9,   9,   5, 5, 5,
				   5,	 0,    0, 0, 1, 6, 6, 6, 6, 'a', 'b', 'c', 0, 2 };
	struct tap *tap = tap_make();
	struct tapped tapped;

	put(tap, packet, sizeof packet);
	CHECK(tap_take(tap, taken) == TAPPED_BYTES + 3);
	tapped = tapped_at(0);
	CHECK(tapped.arrived_ns == 7 && tapped.timestamp == 0x304 && tapped.ssrc == 0x09090909);
	CHECK(tapped.sequence == 0x102 && tapped.payload_type == 8 && tapped.channel == 1);
	CHECK(tapped.size == 3 && memcmp(taken + TAPPED_BYTES, "abc", 3) == 0);
	CHECK(tap_take(tap, taken) == 0);
	free(tap);
}

static void padding_that_is_longer_than_the_packet_leaves_nothing(void)
{
	const uint8_t packets[][14] = { { 0xa0, [12] = 1, [13] = 255 },
					{ 0xa0, [12] = 1, [13] = 2 },
					{ 0xa0, [12] = 1, [13] = 3 } };
	struct tap *tap = tap_make();

	for (size_t i = 0; i < 3; i++)
		put(tap, packets[i], sizeof packets[i]);
	put(tap, packets[0], RTP_HEADER_BYTES);
	CHECK(tap_take(tap, taken) == 4 * TAPPED_BYTES);
	for (size_t i = 0; i < 4; i++)
		CHECK(tapped_at(i * TAPPED_BYTES).size == 0);
	free(tap);
}

static void a_full_tap_keeps_what_it_has_and_counts_the_rest(void)
{
	struct tap *tap = tap_make();
	const size_t each = TAPPED_BYTES + OCTETS, fit = TAP_BYTES / each;

	for (unsigned round = 0; round < 5; round++) { /* the indices wrap within it */
		for (uint16_t i = 0; i < fit + 3; i++)
			put_number(tap, i);
		CHECK(tap_take(tap, taken) == fit * each);
		for (uint16_t i = 0; i < fit; i++)
			check_number(i * each, i);
		CHECK(atomic_load(&tap->dropped) == 3 * (round + 1));
	}
	free(tap);
}

static void a_tap_fills_to_the_last_byte(void)
{
	uint8_t packet[1500] = { 0x80 };
	struct tap *tap = tap_make();
	struct rtp_header header;
	size_t left = TAP_BYTES;

	CHECK(rtp_read(packet, sizeof packet, &header));
	for (; left >= TAPPED_BYTES + sizeof packet - RTP_HEADER_BYTES;
	     left -= TAPPED_BYTES + sizeof packet - RTP_HEADER_BYTES)
		tap_put(tap, 0, packet, sizeof packet, &header, 0);
	CHECK(left > TAPPED_BYTES);
	tap_put(tap, 0, packet, RTP_HEADER_BYTES + left - TAPPED_BYTES + 1, &header, 0);
	CHECK(atomic_load(&tap->dropped) == 1);
	tap_put(tap, 0, packet, RTP_HEADER_BYTES + left - TAPPED_BYTES, &header, 0);
	CHECK(atomic_load(&tap->dropped) == 1 && tap_take(tap, taken) == TAP_BYTES);
	free(tap);
}

static void indices_may_wrap(void)
{
	struct tap *tap = tap_make();

	atomic_store(&tap->head, UINT32_MAX - 99);
	atomic_store(&tap->tail, UINT32_MAX - 99);
	for (uint16_t i = 0; i < 4; i++)
		put_number(tap, i);
	CHECK(tap_take(tap, taken) == 4 * (TAPPED_BYTES + OCTETS));
	for (uint16_t i = 0; i < 4; i++)
		check_number(i * (TAPPED_BYTES + OCTETS), i);
	CHECK(atomic_load(&tap->dropped) == 0);
	free(tap);
}

static void *put_all(void *argument)
{
	struct tap *tap = argument;
	uint8_t packet[PACKET_BYTES] = { 0x80 };
	struct rtp_header header;

	for (uint16_t i = 0; i < PACKETS; i++) {
		packet[2] = (uint8_t)(i >> 8);
		packet[3] = (uint8_t)i;
		memset(packet + RTP_HEADER_BYTES, (uint8_t)i, OCTETS);
		CHECK(rtp_read(packet, sizeof packet, &header));
		tap_put(tap, 0, packet, sizeof packet, &header, i);
	}
	tap_give_back(tap);
	return NULL;
}

static void between_threads_whole_packets_come_in_order_and_the_others_are_counted(void)
{
	struct tap *tap = tap_make();
	pthread_t thread;
	uint64_t count = 0;
	int last = -1;
	bool is_over;

	atomic_store(&tap->lent, 1);
	CHECK(pthread_create(&thread, NULL, put_all, tap) == 0);
	do {
		size_t size;

		is_over = atomic_load_explicit(&tap->lent, memory_order_acquire) == 0;
		size = tap_take(tap, taken);
		CHECK(size % (TAPPED_BYTES + OCTETS) == 0);
		for (size_t at = 0; at < size; at += TAPPED_BYTES + OCTETS, count++) {
			CHECK(tapped_at(at).sequence > last);
			last = tapped_at(at).sequence;
			check_number(at, (uint16_t)last);
		}
		(void)sched_yield();
	} while (!is_over);
	CHECK(count + atomic_load(&tap->dropped) == PACKETS);
	CHECK(pthread_join(thread, NULL) == 0);
	free(tap);
}

static void a_closed_tap_lives_until_it_is_given_back(void)
{
	struct taps taps;
	struct tap *tap;
	uint64_t id, other;

	CHECK(taps_make(&taps, 2) == 0 && taps_open(&taps, &id) == 0);
	tap = taps_find(&taps, id);
	atomic_store(&tap->lent, 1);
	atomic_store(&tap->dropped, 5);
	taps_close(&taps, tap);
	CHECK(taps_find(&taps, id) == NULL && taps.closed == tap && taps_dropped(&taps) == 5);
	put_number(tap, 1);
	tap_give_back(tap);
	CHECK(taps_open(&taps, &other) == 0 && other != id && taps.closed == NULL);
	CHECK(taps_dropped(&taps) == 5);
	taps_free(&taps);
}

static void more_taps_than_there_are_slots_are_refused(void)
{
	struct taps taps;
	uint64_t ids[3];

	CHECK(taps_make(&taps, 2) == 0);
	CHECK(taps_open(&taps, &ids[0]) == 0 && taps_open(&taps, &ids[1]) == 0);
	CHECK(taps_open(&taps, &ids[2]) == -ENOSPC);
	taps_close(&taps, taps_find(&taps, ids[0]));
	CHECK(taps_open(&taps, &ids[2]) == 0 && ids[2] != ids[0]);
	CHECK(taps_find(&taps, 0) == NULL && taps_find(&taps, UINT64_MAX) == NULL);
	taps_free(&taps);
}

static size_t take(uint64_t tap, size_t wanted)
{
	size_t got = 0, size = 0;

	for (int i = 0; i < PATIENCE_MS && got < wanted; i++) {
		(void)poll(NULL, 0, 1);
		CHECK(relay_tap_take(relay, tap, taken + got, &size) == 0);
		got += size;
	}
	return got;
}

static void a_tap_has_the_voice_of_both_and_outlives_them(void)
{
	const uint8_t event[16] = { 0x80, 101, 0, 2, 0, 0, 0, 9, 0, 0, 0, 0, 5, 0x8a, 3, 0x20 };
	struct party a = party_make("127.0.0.1"), b = party_make("127.0.0.1");
	struct address at_a, at_b, at_raw;
	struct relay_counts counts;
	uint64_t sa, sb, raw, tap;

	begin(64);
	sa = open_at("127.0.0.1", STREAM_RTP, &at_a);
	sb = open_at("127.0.0.1", STREAM_RTP, &at_b);
	raw = open_at("127.0.0.1", STREAM_RAW, &at_raw);
	aim_at(sa, &a, 101);
	aim_at(sb, &b, 101);
	CHECK(relay_tap_open(relay, &tap) == 0);
	CHECK(relay_tap(relay, raw, tap, 0) == -EINVAL);
	CHECK(relay_tap(relay, sa, tap + 1, 0) == -ENOENT);
	CHECK(relay_tap(relay, sa, tap, 0) == 0 && relay_tap(relay, sb, tap, 1) == 0);
	send_to(&a, &at_a, event, sizeof event);
	send_to(&a, &at_a, audio, sizeof audio);
	(void)expect_notice(NOTICE_FIRST_PACKET);
	(void)expect_notice(NOTICE_PRESSED);
	CHECK(take(tap, 184) == 184 &&
	      taken[offsetof(struct tapped, channel)] == 0); /* the key is not in it */
	send_to(&b, &at_b, audio, sizeof audio);
	(void)expect_notice(NOTICE_FIRST_PACKET);
	CHECK(relay_close(relay, sa, &counts) == 0 && relay_close(relay, sb, &counts) == 0);
	CHECK(take(tap, 184) == 184 && taken[offsetof(struct tapped, channel)] == 1 &&
	      taken[TAPPED_BYTES] == 'a');
	relay_tap_close(relay, tap);
	CHECK(relay_tap_take(relay, tap, taken, &(size_t){ 0 }) == -ENOENT);
	CHECK(relay_tap_dropped(relay) == 0);
	end();
	socket_close(a.socket);
	socket_close(b.socket);
}

int main(void)
{
	a_tap_has_the_voice_of_both_and_outlives_them();
	a_packet_comes_out_without_header_and_padding();
	padding_that_is_longer_than_the_packet_leaves_nothing();
	a_full_tap_keeps_what_it_has_and_counts_the_rest();
	a_tap_fills_to_the_last_byte();
	indices_may_wrap();
	between_threads_whole_packets_come_in_order_and_the_others_are_counted();
	a_closed_tap_lives_until_it_is_given_back();
	more_taps_than_there_are_slots_are_refused();
	return 0;
}
