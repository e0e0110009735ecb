/*
 * RTP for a relay: two parties a session, each packet known again when it comes out.
 *
 *     rtp_load SESSIONS SECONDS [PACKETS_PER_SECOND]
 *
 * SESSIONS is a file of lines "aport ra rb bport", all of them ports of 127.0.0.1: party A sends
 * from aport to ra, and its packets must come to bport from rb; the other way round for B.  Parties
 * may share a port.  Without a rate each party sends a packet of 20 ms, the phases spread evenly;
 * with one, packets go round all parties at that rate.
 *
 * A packet is 172 octets and carries its session, direction, number, time and a pattern of them.
 * Prints "begin", then "end", between them the seconds that count, and one line of JSON.
 * It never sleeps: it needs a core of its own.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
	STREAMS_MOST = 4096,
	SOCKETS_MOST = 64,
	RTP_HEADER = 12,
	PAYLOAD = 160,
	BATCH = 32,
	RECEIVE_BUFFER = 32 << 20,
	SLOTS_OF_A_POWER = 32,
	BUCKETS = 64 * SLOTS_OF_A_POWER,
	BACKLOG_MOST = 20000,
};

#define NS_PER_SECOND UINT64_C(1000000000)
#define WARM_NS (NS_PER_SECOND / 2)
#define LINGER_NS (NS_PER_SECOND / 5)

struct content {
	uint32_t stream;
	uint32_t is_counted;
	uint64_t number;
	uint64_t sent_ns;
	uint64_t pattern[(PAYLOAD - 24) / 8];
};

struct packet {
	uint8_t header[RTP_HEADER];
	uint8_t content[PAYLOAD];
};

struct stream {
	int socket, heard_at;
	uint16_t from, sequence;
	struct sockaddr_in to;
	uint64_t sent, received;
};

static struct stream streams[STREAMS_MOST];
static uint32_t stream_count;
static int sockets[SOCKETS_MOST];
static uint16_t socket_ports[SOCKETS_MOST];
static int socket_count;
static uint64_t buckets[BUCKETS];
static uint64_t wrong;
static bool is_counting;

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

/* A place in a histogram whose buckets are 3 % wide. */
static uint32_t bucket_of(uint64_t value)
{
	int power;

	if (value < SLOTS_OF_A_POWER)
		return (uint32_t)value;
	power = 63 - __builtin_clzll(value);
	return (uint32_t)((power - 4) * SLOTS_OF_A_POWER + (int)((value >> (power - 5)) & 31));
}

static uint64_t value_of(uint32_t bucket)
{
	uint32_t power = bucket / SLOTS_OF_A_POWER + 4;

	if (bucket < SLOTS_OF_A_POWER)
		return bucket;
	return (UINT64_C(1) << power) + ((uint64_t)(bucket % SLOTS_OF_A_POWER) << (power - 5));
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int socket_at(uint16_t port)
{
	struct sockaddr_in place = loopback(port);
	const int size = RECEIVE_BUFFER;
	int fd;

	for (int i = 0; i < socket_count; i++)
		if (socket_ports[i] == port)
			return i;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || socket_count == SOCKETS_MOST)
		give_up("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (bind(fd, (const struct sockaddr *)&place, sizeof place) != 0)
		give_up("bind");
	sockets[socket_count] = fd;
	socket_ports[socket_count] = port;
	return socket_count++;
}

static void read_sessions(const char *name)
{
	FILE *file = fopen(name, "r");
	unsigned a, ra, rb, b;

	if (file == NULL)
		give_up(name);
	while (stream_count + 2 <= STREAMS_MOST && fscanf(file, "%u %u %u %u", &a, &ra, &rb, &b) == 4) {
		int of_a = socket_at((uint16_t)a), of_b = socket_at((uint16_t)b);

		streams[stream_count++] = (struct stream){ .socket = of_a,
							   .heard_at = of_b,
							   .from = (uint16_t)rb,
							   .to = loopback((uint16_t)ra) };
		streams[stream_count++] = (struct stream){ .socket = of_b,
							   .heard_at = of_a,
							   .from = (uint16_t)ra,
							   .to = loopback((uint16_t)rb) };
	}
	(void)fclose(file);
}

static void fill_pattern(struct content *content)
{
	uint64_t seed = (content->number + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ content->stream;

	for (uint64_t i = 0; i < sizeof content->pattern / sizeof *content->pattern; i++)
		content->pattern[i] = seed + i;
}

static void write_packet(struct packet *packet, uint32_t number, uint64_t at_ns)
{
	struct stream *stream = &streams[number];
	uint16_t sequence = stream->sequence++;
	uint32_t timestamp = htonl(sequence * UINT32_C(160));
	uint32_t source = htonl(UINT32_C(0x10000000) + number);
	struct content content = { .stream = number, .is_counted = is_counting, .sent_ns = at_ns };

	if (is_counting)
		content.number = stream->sent++;
	fill_pattern(&content);
	packet->header[0] = 0x80;
	packet->header[1] = 0;
	packet->header[2] = (uint8_t)(sequence >> 8);
	packet->header[3] = (uint8_t)sequence;
	memcpy(packet->header + 4, &timestamp, sizeof timestamp);
	memcpy(packet->header + 8, &source, sizeof source);
	memcpy(packet->content, &content, sizeof content);
}

static void take(const struct packet *packet, uint32_t size, int at,
		 const struct sockaddr_in *from, uint64_t at_ns)
{
	struct content content, expected;
	struct stream *stream;

	memcpy(&content, packet->content, sizeof content);
	expected = content;
	fill_pattern(&expected);
	if (size != sizeof *packet || packet->header[0] != 0x80 || content.stream >= stream_count ||
	    memcmp(&content, &expected, sizeof content) != 0) {
		wrong++;
		return;
	}
	stream = &streams[content.stream];
	if (stream->heard_at != at || stream->from != ntohs(from->sin_port)) {
		wrong++;
		return;
	}
	if (!content.is_counted)
		return;
	stream->received++;
	buckets[bucket_of(at_ns - content.sent_ns)]++;
}

static void receive(void)
{
	static struct packet packets[BATCH];
	struct sockaddr_in from[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
	uint64_t at_ns;
	int count;

	for (int i = 0; i < socket_count; i++) {
		do {
			memset(messages, 0, sizeof messages);
			for (int k = 0; k < BATCH; k++) {
				parts[k] = (struct iovec){ &packets[k], sizeof packets[k] };
				messages[k].msg_hdr.msg_iov = &parts[k];
				messages[k].msg_hdr.msg_iovlen = 1;
				messages[k].msg_hdr.msg_name = &from[k];
				messages[k].msg_hdr.msg_namelen = sizeof from[k];
			}
			count = recvmmsg(sockets[i], messages, BATCH, MSG_DONTWAIT, NULL);
			at_ns = now_ns();
			for (int k = 0; k < count; k++)
				take(&packets[k], messages[k].msg_len, i, &from[k], at_ns);
		} while (count == BATCH);
	}
}

/* Send one packet of each of these streams, which have one socket. */
static void send_batch(const uint32_t *numbers, int count, uint64_t at_ns)
{
	static struct packet packets[BATCH];
	struct iovec parts[BATCH];
	struct mmsghdr messages[BATCH];
	int done = 0;

	memset(messages, 0, sizeof messages);
	for (int i = 0; i < count; i++) {
		struct stream *stream = &streams[numbers[i]];

		write_packet(&packets[i], numbers[i], at_ns);
		parts[i] = (struct iovec){ &packets[i], sizeof packets[i] };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		messages[i].msg_hdr.msg_name = &stream->to;
		messages[i].msg_hdr.msg_namelen = sizeof stream->to;
	}
	while (done < count) {
		int sent = sendmmsg(sockets[streams[numbers[0]].socket], messages + done,
				    (unsigned)(count - done), 0);

		if (sent < 0 && errno != EAGAIN && errno != ECONNREFUSED)
			give_up("sendmmsg");
		done += sent > 0 ? sent : 0;
	}
}

/* The streams in their order: all of A, then all of B, so that what shares a socket is together. */
static uint32_t stream_at(uint64_t turn)
{
	uint32_t half = stream_count / 2;

	return (uint32_t)(turn % half) * 2 + (uint32_t)(turn / half % 2);
}

/* Send what is due, of one socket; returns the next turn. */
static uint64_t send_due(uint64_t turn, uint64_t due)
{
	uint32_t numbers[BATCH];
	int count = 0;

	if (due - turn > BACKLOG_MOST)
		turn = due - BACKLOG_MOST; /* this machine cannot do it: what is sent is counted */
	while (turn < due && count < BATCH) {
		numbers[count] = stream_at(turn);
		if (streams[numbers[count]].socket != streams[numbers[0]].socket)
			break;
		count++;
		turn++;
	}
	if (count > 0)
		send_batch(numbers, count, now_ns());
	return turn;
}

static double delay_us(double share, uint64_t received)
{
	uint64_t passed = 0;

	for (uint32_t i = 0; i < BUCKETS; i++) {
		passed += buckets[i];
		if (passed > 0 && (double)passed >= share * (double)received)
			return (double)value_of(i) / 1e3;
	}
	return 0;
}

static void say(const char *word)
{
	(void)puts(word);
	(void)fflush(stdout);
}

static void run(double seconds, double rate)
{
	uint64_t begun = now_ns(), counted_from = begun + WARM_NS;
	uint64_t until = counted_from + (uint64_t)(seconds * 1e9), turn = 0;
	uint64_t now;

	while ((now = now_ns()) < until) {
		uint64_t due = (uint64_t)((double)(now - begun) / 1e9 * rate);

		if (!is_counting && now >= counted_from) {
			is_counting = true;
			say("begin");
		}
		turn = send_due(turn, due);
		receive();
	}
	say("end");
	while (now_ns() < until + LINGER_NS)
		receive();
}

int main(int count, char **words)
{
	double seconds, rate;
	uint64_t sent = 0, received = 0;

	if (count < 3) {
		(void)fputs("rtp_load SESSIONS SECONDS [PACKETS_PER_SECOND]\n", stderr);
		return 2;
	}
	read_sessions(words[1]);
	seconds = strtod(words[2], NULL);
	rate = count > 3 ? strtod(words[3], NULL) : stream_count * 50.0;
	run(seconds, rate);
	for (uint32_t i = 0; i < stream_count; i++) {
		sent += streams[i].sent;
		received += streams[i].received;
	}
	(void)printf("{\"sent\": %llu, \"received\": %llu, \"wrong\": %llu, \"seconds\": %.3f, "
		     "\"p50_us\": %.1f, \"p99_us\": %.1f}\n",
		     (unsigned long long)sent, (unsigned long long)received,
		     (unsigned long long)wrong, seconds, delay_us(0.5, received),
		     delay_us(0.99, received));
	return 0;
}
