/*
 * Hostile packets: seeds and packets of our own are mutated and heard by a stream in every mode,
 * each flush against an unmapped page.
 *
 *   fuzz_rtp SECONDS [FOLDER...]     FOLDER holds seeds, one packet a file
 *
 * The numbers are the same in each run, so a crash comes again; the round is printed.
 */
#include "check.h"
#include "clock.h"
#include "deadlines.h"
#include "stream.h"

#include <dirent.h>

enum { SEEDS_MOST = 256, SEED_BYTES = 1600, PARTIES = 3, MUTATIONS_MOST = 8 };

struct seed {
	size_t size;
	uint8_t bytes[SEED_BYTES];
};

static struct seed seeds[SEEDS_MOST];
static unsigned seed_count;
static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

/* xorshift64*: quick, and the same on every machine. */
static uint32_t below(uint32_t limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32) % limit;
}

static void add_seed(const void *bytes, size_t size)
{
	if (seed_count == SEEDS_MOST || size > SEED_BYTES)
		return;
	memcpy(seeds[seed_count].bytes, bytes, size);
	seeds[seed_count++].size = size;
}

static void add_own_seeds(void)
{
	static const uint8_t audio[172] = { 0x80, 0x00, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4 };
	static const uint8_t event[16] = { 0x80, 101, 0, 2, 0, 0, 0, 9, 1, 2, 3, 4, 5, 10, 3, 32 };
	static const uint8_t extended[24] = { 0x91, 0, 0, 3, 0, 0, 0, 9,    1,	  2, 3, 4,
					      0,    0, 0, 7, 0, 0, 0, 0xbe, 0xde, 0, 0, 1 };
	static const uint8_t report[16] = {
		0x80, 201, 0, 1, 1, 2, 3, 4, 0x81, 203, 0, 1, 1, 2, 3, 4
	};

	add_seed(audio, sizeof audio);
	add_seed(event, sizeof event);
	add_seed(extended, sizeof extended);
	add_seed(report, sizeof report);
}

static void add_file(const char *folder, const char *name)
{
	uint8_t bytes[SEED_BYTES];
	char path[4096];
	FILE *file;

	if (name[0] == '.' || snprintf(path, sizeof path, "%s/%s", folder, name) < 0)
		return;
	file = fopen(path, "rb");
	if (file == NULL)
		return;
	add_seed(bytes, fread(bytes, 1, sizeof bytes, file));
	CHECK(fclose(file) == 0);
}

static void add_folder(const char *folder)
{
	DIR *directory = opendir(folder);
	const struct dirent *entry;

	CHECK(directory != NULL);
	while ((entry = readdir(directory)) != NULL)
		add_file(folder, entry->d_name);
	CHECK(closedir(directory) == 0);
}

static void mutate_once(struct seed *packet)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xc8, 0xff, 0x90, 0x8f, 101 };
	size_t at = packet->size > 0 ? below((uint32_t)packet->size) : 0;

	switch (below(6)) {
	case 0:
		packet->bytes[at] ^= (uint8_t)(1u << below(8));
		break;
	case 1:
		packet->bytes[at] = edges[below(sizeof edges)];
		break;
	case 2:
		packet->size = at;
		break;
	case 3:
		packet->size = below(SEED_BYTES);
		break;
	case 4: /* the header is where the decisions are */
		packet->bytes[below(16)] = (uint8_t)below(256);
		break;
	default:
		packet->bytes[0] = (uint8_t)(0x80 | below(64));
	}
}

static struct tap *tap; /* what is heard is copied, and taken now and then */

static void open_streams(struct stream *streams, const struct address *parties)
{
	for (unsigned i = 0; i < 2; i++) {
		const struct opening opening = { .kind = below(8) == 0 ? STREAM_RAW : STREAM_RTP };
		struct aim aim = { .rtp = parties[0],
				   .rtcp = parties[0],
				   .nat = below(2) != 0,
				   .blocked_events = (uint16_t)below(65536),
				   .format.event_type = (int)below(128) - 1 };

		if (below(2) != 0)
			aim.format.event_type = 101;
		stream_open(&streams[i], &opening, 1);
		stream_aim(&streams[i], &aim);
		if (opening.kind == STREAM_RTP)
			stream_tap(&streams[i], tap, (uint8_t)i);
	}
	if (below(2) != 0)
		stream_link(&streams[0], &streams[1]);
}

static void check_heard(const struct heard *heard)
{
	CHECK(heard->press_count <= DTMF_PRESSES_MOST);
	for (unsigned i = 0; i < heard->press_count; i++) {
		CHECK(dtmf_code(heard->presses[i].digit) >= 0);
		CHECK(heard->presses[i].duration_ms <= DTMF_LONGEST_MS);
	}
}

static void hear(struct stream *stream, const struct seed *packet, const struct address *from,
		 uint64_t now_ns)
{
	uint8_t *bytes = flush_right(packet->bytes, packet->size);
	struct dtmf_press press;
	struct heard heard;
	enum verdict verdict;

	if (below(4) == 0) {
		(void)stream_hear_rtcp(stream, bytes, packet->size, from, 250, now_ns);
		return;
	}
	verdict = stream_hear(stream, bytes, packet->size, from, 250, now_ns, &heard);
	check_heard(&heard);
	if (verdict != VERDICT_DROP && stream->kind == STREAM_RTP)
		CHECK(packet->size >= RTP_HEADER_BYTES && packet->size <= RTP_PACKET_BYTES_MOST);
	if (verdict != VERDICT_DROP)
		CHECK(address_same(from, &stream->source.remote));
	(void)dtmf_expire(&stream->dtmf, now_ns, &press);
}

/* Whatever was heard, what comes out is whole packets. */
static void check_tapped(void)
{
	static uint8_t taken[TAP_BYTES];
	size_t size = tap_take(tap, taken), at = 0;
	struct tapped tapped;

	while (at < size) {
		memcpy(&tapped, taken + at, sizeof tapped);
		CHECK(tapped.size <= RTP_PACKET_BYTES_MOST && tapped.channel < 2);
		at += sizeof tapped + tapped.size;
	}
	CHECK(at == size);
}

int main(int count, char **arguments)
{
	uint64_t seconds = count > 1 ? strtoull(arguments[1], NULL, 10) : 1, rounds = 0;
	uint64_t until_ns = clock_now() + seconds * NS_PER_SECOND, now_ns = 1;
	struct address parties[PARTIES];
	static struct stream streams[2];
	static struct seed packet;

	tap = tap_make();
	CHECK(tap != NULL);
	add_own_seeds();
	for (int i = 2; i < count; i++)
		add_folder(arguments[i]);
	for (uint16_t i = 0; i < PARTIES; i++)
		CHECK(address_read("192.0.2.1", (uint16_t)(4000 + i), &parties[i]));
	for (; rounds % 1024 != 0 || clock_now() < until_ns; rounds++) {
		if (rounds % 300 == 0) /* by then it is full, or nearly so */
			check_tapped();
		if (rounds % 512 == 0)
			open_streams(streams, parties);
		packet = seeds[below(seed_count)];
		for (uint32_t left = below(MUTATIONS_MOST); left > 0; left--)
			mutate_once(&packet);
		now_ns += below((uint32_t)(50 * NS_PER_MS));
		hear(&streams[below(2)], &packet, &parties[below(PARTIES)], now_ns);
	}
	free(tap);
	printf("fuzz_rtp: %u seeds, %llu packets\n", seed_count, (unsigned long long)rounds);
	return 0;
}
