#include "relay.h"

#include "table.h"
#include "taps.h"
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* Owned by the control thread, which alone touches the table; see worker.h for the rest. */
struct relay {
	struct table table;
	struct taps taps;
	struct worker worker;
};

static int make_parts(struct relay *relay, const struct relay_limits *limits)
{
	int fault = table_make(&relay->table, limits->streams);

	if (fault != 0)
		return fault;
	fault = taps_make(&relay->taps, limits->streams);
	if (fault == 0)
		fault = worker_make(&relay->worker, relay->table.streams, limits->streams,
				    limits->notices);
	if (fault != 0) {
		taps_free(&relay->taps);
		table_free(&relay->table);
	}
	return fault;
}

int relay_make(struct relay **made, const struct relay_limits *limits)
{
	struct relay *relay;
	int fault;

	if (limits->streams == 0 || limits->notices == 0)
		return -EINVAL;
	relay = aligned_alloc(alignof(struct relay), sizeof *relay);
	if (relay == NULL)
		return -ENOMEM;
	fault = make_parts(relay, limits);
	if (fault != 0) {
		free(relay);
		return fault;
	}
	relay->worker.packets_per_second = limits->packets_per_second;
	relay->worker.pace.gather_ns = (uint64_t)limits->gather_us * 1000;
	*made = relay;
	return 0;
}

/* Free the prompts that the worker has given back.  Taking the whole list at once needs no lock. */
static void free_played(struct relay *relay)
{
	struct prompt *prompt =
		atomic_exchange_explicit(&relay->worker.played, NULL, memory_order_acquire);

	while (prompt != NULL) {
		struct prompt *next = prompt->next;

		free(prompt);
		prompt = next;
	}
}

void relay_free(struct relay *relay)
{
	relay_stop(relay);
	worker_free(&relay->worker);
	taps_free(&relay->taps);
	table_free(&relay->table);
	free(relay);
}

int relay_start(struct relay *relay)
{
	return relay->worker.is_running ? -EALREADY : worker_start(&relay->worker);
}

void relay_stop(struct relay *relay)
{
	struct notice unread;

	worker_stop(&relay->worker);
	table_give_back_all(&relay->table);
	while (relay_take_notice(relay, &unread))
		;
}

int relay_descriptor(const struct relay *relay)
{
	return relay->worker.notice_event;
}

void relay_hush(struct relay *relay)
{
	uint64_t wakes;
	ssize_t got = read(relay->worker.notice_event, &wakes, sizeof wakes);

	(void)got; /* nothing to read is as good */
	free_played(relay);
}

bool relay_take_notice(struct relay *relay, struct notice *notice)
{
	free_played(relay);
	return ring_take(&relay->worker.notices, notice);
}

uint64_t relay_notices_dropped(const struct relay *relay)
{
	return atomic_load_explicit(&relay->worker.notices_dropped, memory_order_relaxed);
}

/* RFC 3550 section 5.1: SSRC, and the first sequence number and timestamp, are random. */
static int choose_numbers(struct opening *opening)
{
	struct {
		uint32_t ssrc;
		uint32_t timestamp;
		uint16_t sequence;
	} numbers;

	if (getrandom(&numbers, sizeof numbers, 0) != (ssize_t)sizeof numbers)
		return -EIO;
	opening->ssrc = numbers.ssrc;
	opening->timestamp = numbers.timestamp;
	opening->sequence = numbers.sequence;
	return 0;
}

static int bind_pair(struct opening *opening, const struct address *local)
{
	struct address control = address_with_port(local, (uint16_t)(address_port(local) + 1));

	opening->rtp_socket = socket_bind(local);
	if (opening->rtp_socket < 0)
		return opening->rtp_socket;
	opening->rtcp_socket = -1;
	if (opening->kind == STREAM_RAW)
		return 0;
	opening->rtcp_socket = socket_bind(&control);
	if (opening->rtcp_socket >= 0)
		return 0;
	socket_close(opening->rtp_socket);
	return opening->rtcp_socket;
}

static void close_pair(const struct opening *opening)
{
	socket_close(opening->rtp_socket);
	socket_close(opening->rtcp_socket);
}

/* From the command on, the sockets are the worker's, and it will close them. */
static int hand_over(struct relay *relay, const struct opening *opening)
{
	uint32_t slot = table_slot_of(opening->handle);
	struct command command = { .kind = COMMAND_OPEN, .slot = slot, .u.opening = *opening };
	struct stream *stream = &relay->table.streams[slot];
	int fault;

	stream_clear_counters(stream);
	atomic_store_explicit(&stream->released, false, memory_order_relaxed);
	fault = worker_command(&relay->worker, &command);
	if (fault != 0) {
		atomic_store_explicit(&stream->released, true, memory_order_relaxed);
		close_pair(opening);
		return fault;
	}
	fault = worker_listen(&relay->worker, slot, opening);
	if (fault != 0) {
		command.kind = COMMAND_CLOSE;
		(void)worker_command(&relay->worker, &command); /* else stop closes it */
	}
	return fault;
}

int relay_open(struct relay *relay, enum stream_kind kind, const struct address *local,
	       uint64_t *handle)
{
	struct opening opening = { .kind = kind };
	struct slot *slot;
	int fault;

	if (!relay->worker.is_running)
		return -EINVAL;
	fault = choose_numbers(&opening);
	if (fault == 0)
		fault = bind_pair(&opening, local);
	if (fault != 0)
		return fault;
	opening.handle = table_take(&relay->table);
	if (opening.handle == 0) {
		close_pair(&opening);
		return -ENOSPC;
	}
	slot = table_find(&relay->table, opening.handle);
	slot->kind = kind;
	slot->family = local->u.any.sa_family;
	fault = hand_over(relay, &opening);
	if (fault != 0)
		table_give_back(&relay->table, opening.handle);
	*handle = opening.handle;
	return fault;
}

static int command_stream(struct relay *relay, uint64_t handle, struct command *command)
{
	free_played(relay);
	command->slot = table_slot_of(handle);
	return worker_command(&relay->worker, command);
}

int relay_aim(struct relay *relay, uint64_t handle, const struct aim *aim)
{
	struct command command = { .kind = COMMAND_AIM, .u.aim = *aim };
	const struct slot *slot = table_find(&relay->table, handle);

	if (slot == NULL)
		return -ENOENT;
	/* On hold, a peer may write 0.0.0.0 whatever it spoke before (RFC 3264 section 8.4). */
	if (address_is_usable(&aim->rtp) && aim->rtp.u.any.sa_family != slot->family)
		return -EAFNOSUPPORT;
	return command_stream(relay, handle, &command);
}

int relay_link(struct relay *relay, uint64_t a, uint64_t b)
{
	struct command command = { .kind = COMMAND_LINK, .u.other = table_slot_of(b) };

	if (table_find(&relay->table, a) == NULL || table_find(&relay->table, b) == NULL)
		return -ENOENT;
	return a == b ? -EINVAL : command_stream(relay, a, &command);
}

int relay_unlink(struct relay *relay, uint64_t handle)
{
	struct command command = { .kind = COMMAND_UNLINK };

	if (table_find(&relay->table, handle) == NULL)
		return -ENOENT;
	return command_stream(relay, handle, &command);
}

/* Only RTP can be spoken. */
static int find_speaker(const struct relay *relay, uint64_t handle)
{
	const struct slot *slot = table_find(&relay->table, handle);

	if (slot == NULL)
		return -ENOENT;
	return slot->kind == STREAM_RTP ? 0 : -EINVAL;
}

int relay_play(struct relay *relay, uint64_t handle, int64_t token, const uint8_t *octets,
	       size_t size, bool loop)
{
	struct command command = { .kind = COMMAND_PLAY };
	struct prompt *prompt;
	int fault = find_speaker(relay, handle);

	if (fault != 0)
		return fault;
	prompt = malloc(sizeof *prompt + size);
	if (prompt == NULL)
		return -ENOMEM;
	prompt->size = size;
	if (size > 0)
		memcpy(prompt->octets, octets, size);
	command.u.play = (struct play){ .token = token, .prompt = prompt, .loop = loop };
	fault = command_stream(relay, handle, &command);
	if (fault != 0)
		free(prompt);
	return fault;
}

int relay_press(struct relay *relay, uint64_t handle, int64_t token, const char *digits)
{
	struct command command = { .kind = COMMAND_PRESS, .u.press.token = token };
	int fault = find_speaker(relay, handle);

	if (fault != 0)
		return fault;
	if (!voice_can_press(digits))
		return -EINVAL;
	memcpy(command.u.press.digits, digits, strlen(digits) + 1);
	return command_stream(relay, handle, &command);
}

int relay_quiet(struct relay *relay, uint64_t handle)
{
	struct command command = { .kind = COMMAND_QUIET };

	if (table_find(&relay->table, handle) == NULL)
		return -ENOENT;
	return command_stream(relay, handle, &command);
}

int relay_watch(struct relay *relay, uint64_t handle, uint64_t watch_ns)
{
	struct command command = { .kind = COMMAND_WATCH, .u.watch_ns = watch_ns };

	if (table_find(&relay->table, handle) == NULL)
		return -ENOENT;
	return command_stream(relay, handle, &command);
}

int relay_tap_open(struct relay *relay, uint64_t *tap)
{
	return taps_open(&relay->taps, tap);
}

void relay_tap_close(struct relay *relay, uint64_t id)
{
	struct tap *tap = taps_find(&relay->taps, id);

	if (tap != NULL)
		taps_close(&relay->taps, tap);
}

int relay_tap(struct relay *relay, uint64_t handle, uint64_t id, uint8_t channel)
{
	struct tap *tap = taps_find(&relay->taps, id);
	struct command command = { .kind = COMMAND_TAP, .u.tapping = { tap, channel } };
	int fault = find_speaker(relay, handle);

	if (fault != 0)
		return fault;
	if (tap == NULL)
		return id != 0 ? -ENOENT : command_stream(relay, handle, &command);
	atomic_fetch_add_explicit(&tap->lent, 1, memory_order_relaxed);
	fault = command_stream(relay, handle, &command);
	if (fault != 0)
		tap_give_back(tap);
	return fault;
}

int relay_tap_take(struct relay *relay, uint64_t id, uint8_t bytes[static TAP_BYTES], size_t *size)
{
	struct tap *tap = taps_find(&relay->taps, id);

	if (tap == NULL)
		return -ENOENT;
	*size = tap_take(tap, bytes);
	return 0;
}

uint64_t relay_tap_dropped(const struct relay *relay)
{
	return taps_dropped(&relay->taps);
}

static uint64_t value(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

int relay_count(const struct relay *relay, uint64_t handle, struct relay_counts *counts)
{
	const struct counters *counters;
	uint64_t last_ns;

	if (table_find(&relay->table, handle) == NULL)
		return -ENOENT;
	counters = &relay->table.streams[table_slot_of(handle)].counters;
	last_ns = value(&counters->last_received_ns);
	counts->received_packets = value(&counters->received_packets);
	counts->received_bytes = value(&counters->received_bytes);
	counts->sent_packets = value(&counters->sent_packets);
	counts->sent_bytes = value(&counters->sent_bytes);
	counts->dropped_packets = value(&counters->dropped_packets);
	counts->rtcp_packets = value(&counters->rtcp_packets);
	counts->last_received_ms_ago =
		last_ns == 0 ? -1 : (int64_t)((clock_now() - last_ns) / NS_PER_MS);
	return 0;
}

int relay_close(struct relay *relay, uint64_t handle, struct relay_counts *counts)
{
	struct command command = { .kind = COMMAND_CLOSE };
	int fault = relay_count(relay, handle, counts);

	if (fault == 0)
		fault = command_stream(relay, handle, &command);
	if (fault == 0)
		table_give_back(&relay->table, handle);
	return fault;
}
