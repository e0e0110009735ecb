/*
 * A copy of what streams receive, for whoever records them: a bounded queue of packets, without
 * locks, from the worker to the control thread.
 *
 * The control thread makes and frees a tap, and *lends* it to streams; `lent` says to how many.
 * The worker, which has all streams, alone puts; the control thread alone takes.  What finds no
 * room is dropped and counted: nobody who talks waits for somebody who listens.
 */
#ifndef B2BUA_TAP_H
#define B2BUA_TAP_H

#include "rtp.h"

#include <stdalign.h>
#include <stdatomic.h>

enum {
	TAP_BYTES = 1 << 16, /* 3.5 s of two streams of G.711 in packets of 20 ms */
	TAPPED_BYTES = 24,
};

/* What stands before each payload in the queue, in the machine's byte order. */
struct tapped {
	uint64_t arrived_ns;
	uint32_t timestamp;
	uint32_t ssrc;
	uint16_t sequence;
	uint16_t size; /* of the payload */
	uint8_t payload_type;
	uint8_t channel;
	uint16_t unused;
};

struct tap {
	uint64_t id;
	struct tap *next; /* of those that are closed */
	_Atomic uint32_t lent;
	_Atomic uint64_t dropped;
	alignas(64) _Atomic uint32_t head; /* the worker's */
	alignas(64) _Atomic uint32_t tail; /* the control thread's */
	alignas(64) uint8_t bytes[TAP_BYTES];
};

/* Make an empty tap; NULL: no memory. */
struct tap *tap_make(void);

/* The worker's: copy the payload of a packet that `rtp_read` has accepted. */
void tap_put(struct tap *tap, uint8_t channel, const uint8_t *packet, size_t size,
	     const struct rtp_header *header, uint64_t now_ns);

/* The worker's: give a tap back that a stream had. */
void tap_give_back(struct tap *tap);

/* The control thread's: take what is there, whole packets only; returns how many bytes. */
size_t tap_take(struct tap *tap, uint8_t bytes[static TAP_BYTES]);

#endif
