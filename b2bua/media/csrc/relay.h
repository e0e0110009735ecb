/*
 * The relay as the control thread sees it.  One thread calls all of this; a worker thread moves
 * the packets.  Functions return 0 or a negative errno; -ENOENT is an unknown or closed handle.
 */
#ifndef B2BUA_RELAY_H
#define B2BUA_RELAY_H

#include "notice.h"
#include "stream.h"
#include "tap.h"

struct relay;

struct relay_limits {
	uint32_t streams;
	uint32_t packets_per_second; /* a stream may send to us; 0: no limit */
	uint32_t gather_us;	     /* a packet may wait under load, to save wake-ups */
	uint32_t notices;	     /* that wait to be read */
};

struct relay_counts {
	uint64_t received_packets;
	uint64_t received_bytes;
	uint64_t sent_packets;
	uint64_t sent_bytes;
	uint64_t dropped_packets;
	uint64_t rtcp_packets;
	int64_t last_received_ms_ago; /* -1: never */
};

/* Make a relay; it opens no descriptor and begins no thread, so that a process may fork. */
int relay_make(struct relay **made, const struct relay_limits *limits);

/* Stop and free it. */
void relay_free(struct relay *relay);

int relay_start(struct relay *relay);

/* End the worker and close every stream. */
void relay_stop(struct relay *relay);

/* The descriptor that becomes readable when there are notices, or -1 before start. */
int relay_descriptor(const struct relay *relay);

/* Say that the notices will now be read, and then take them one by one. */
void relay_hush(struct relay *relay);
bool relay_take_notice(struct relay *relay, struct notice *notice);
uint64_t relay_notices_dropped(const struct relay *relay);

/* Bind `local` and, for RTP, the port above it.  -ENOSPC: all streams are taken. */
int relay_open(struct relay *relay, enum stream_kind kind, const struct address *local,
	       uint64_t *handle);
int relay_aim(struct relay *relay, uint64_t handle, const struct aim *aim);
int relay_link(struct relay *relay, uint64_t a, uint64_t b);
int relay_unlink(struct relay *relay, uint64_t handle);

/* The octets are copied. */
int relay_play(struct relay *relay, uint64_t handle, int64_t token, const uint8_t *octets,
	       size_t size, bool loop);
int relay_press(struct relay *relay, uint64_t handle, int64_t token, const char *digits);
int relay_quiet(struct relay *relay, uint64_t handle);
int relay_watch(struct relay *relay, uint64_t handle, uint64_t watch_ns);
int relay_count(const struct relay *relay, uint64_t handle, struct relay_counts *counts);

/*
 * Open a tap, where streams copy to what they receive; -ENOSPC: there are as many as streams.
 * It outlives the streams, so that their last packets can be taken.
 */
int relay_tap_open(struct relay *relay, uint64_t *tap);
void relay_tap_close(struct relay *relay, uint64_t tap);

/* Have an RTP stream copy to `tap`, 0: to none; its packets are told from others by `channel`. */
int relay_tap(struct relay *relay, uint64_t handle, uint64_t tap, uint8_t channel);

/* Take the packets that have come: a `struct tapped` and a payload each. */
int relay_tap_take(struct relay *relay, uint64_t tap, uint8_t bytes[static TAP_BYTES],
		   size_t *size);
uint64_t relay_tap_dropped(const struct relay *relay);

/* Close the stream; `counts` are its last. */
int relay_close(struct relay *relay, uint64_t handle, struct relay_counts *counts);

#endif
