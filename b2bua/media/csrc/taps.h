/*
 * The taps of a relay and their ids.  Belongs to the control thread.
 *
 * An id is generation << 32 | slot and never 0; one that outlived its tap finds nothing.  A tap
 * that is closed while streams have it is freed when the worker has given it back.
 */
#ifndef B2BUA_TAPS_H
#define B2BUA_TAPS_H

#include "tap.h"

struct taps {
	uint32_t size;
	uint32_t next; /* where to look for a free slot */
	uint32_t generation;
	uint64_t dropped; /* by those that are freed */
	struct tap **slots;
	struct tap *closed;
};

/* Make room for `size` taps; returns 0 or -ENOMEM. */
int taps_make(struct taps *taps, uint32_t size);

/* Free all of them; the worker has ended. */
void taps_free(struct taps *taps);

/* Open a tap; returns 0, -ENOMEM, or -ENOSPC when all slots are taken. */
int taps_open(struct taps *taps, uint64_t *id);

/* Returns NULL if the id is unknown or was closed. */
struct tap *taps_find(const struct taps *taps, uint64_t id);
void taps_close(struct taps *taps, struct tap *tap);
void taps_close_all(struct taps *taps);

/* How many packets found no room, in all taps that there ever were. */
uint64_t taps_dropped(const struct taps *taps);

#endif
