/*
 * One media line of one leg, as the worker sees it: what it does with a packet that came.
 *
 * Everything here belongs to the worker thread from the command that opens the stream until
 * `released` is set; the control thread then may open it anew.  Only the counters are read by
 * both: the worker alone writes them.
 */
#ifndef B2BUA_STREAM_H
#define B2BUA_STREAM_H

#include "bucket.h"
#include "dtmf.h"
#include "source.h"
#include "tap.h"
#include "voice.h"

#include <stdatomic.h>

enum stream_kind {
	STREAM_RTP,
	STREAM_RAW, /* passed as it comes, no RTCP */
};

struct counters {
	_Atomic uint64_t received_packets;
	_Atomic uint64_t received_bytes;
	_Atomic uint64_t sent_packets;
	_Atomic uint64_t sent_bytes;
	_Atomic uint64_t dropped_packets;
	_Atomic uint64_t rtcp_packets;
	_Atomic uint64_t last_received_ns; /* 0: never */
};

struct aim {
	struct address rtp;
	struct address rtcp; /* no address: none */
	bool nat;
	struct voice_format format;
	uint16_t blocked_events; /* a bit for each of DTMF_CODES */
};

struct opening {
	uint64_t handle;
	enum stream_kind kind;
	int rtp_socket;
	int rtcp_socket; /* -1: none */
	uint32_t ssrc;
	uint32_t timestamp;
	uint16_t sequence;
};

struct stream {
	atomic_bool released;
	struct counters counters;

	bool is_open;
	uint64_t handle;
	enum stream_kind kind;
	int rtp_socket;
	int rtcp_socket;
	struct stream *peer; /* what this one receives, that one sends */
	struct tap *tap;     /* what this one receives is copied there; NULL: nowhere */
	uint8_t channel;     /* what the copies are called */
	bool heard;
	uint64_t woken_ns; /* when its sockets were last looked at */
	uint16_t blocked_events;
	uint64_t watch_ns; /* 0: nobody watches */
	uint64_t watched_from_ns;
	struct bucket bucket;
	struct voice_format format;
	struct source source;
	struct dtmf dtmf;
	struct voice voice;
};

enum verdict {
	VERDICT_DROP,
	VERDICT_KEEP, /* heard, but not to be passed on */
	VERDICT_PASS,
};

/* What there is to tell of a packet. */
struct heard {
	bool is_first;
	bool is_event;
	unsigned press_count;
	struct dtmf_press presses[DTMF_PRESSES_MOST];
};

/* The control thread's part of opening: nobody else knows the stream yet. */
void stream_clear_counters(struct stream *stream);

void stream_open(struct stream *stream, const struct opening *opening, uint64_t now_ns);
void stream_aim(struct stream *stream, const struct aim *aim);
void stream_link(struct stream *a, struct stream *b);
void stream_unlink(struct stream *stream);

/* Copy what comes to `tap` from now on, NULL: nowhere; gives the one before back. */
void stream_tap(struct stream *stream, struct tap *tap, uint8_t channel);

/* Hear an RTP (or raw) packet; it may be changed, so that the peer understands it. */
enum verdict stream_hear(struct stream *stream, uint8_t *packet, size_t size,
			 const struct address *from, uint32_t per_second, uint64_t now_ns,
			 struct heard *heard);

enum verdict stream_hear_rtcp(struct stream *stream, const uint8_t *packet, size_t size,
			      const struct address *from, uint32_t per_second, uint64_t now_ns);

/* Say whether packets from a peer may leave here: it is aimed, and says nothing by itself. */
bool stream_passes(const struct stream *stream);
bool stream_passes_rtcp(const struct stream *stream);

void stream_count_sent(struct stream *stream, unsigned packets, size_t bytes);
void stream_count_dropped(struct stream *stream, unsigned packets);

/* When `Silent` is to be told, or DEADLINE_NEVER. */
uint64_t stream_silent_due(const struct stream *stream);

#endif
