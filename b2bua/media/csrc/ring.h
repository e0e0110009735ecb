/*
 * A bounded queue from one thread to one other thread, without locks.  Items are copied in and
 * out.  The one who makes it owns the memory; `head` belongs to the putting thread and `tail` to
 * the taking one.
 */
#ifndef B2BUA_RING_H
#define B2BUA_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *items;
	size_t item_bytes;
	uint32_t size;
	alignas(64) _Atomic uint32_t head;
	alignas(64) _Atomic uint32_t tail;
};

/* Make room for `size` items; returns 0 or -ENOMEM. */
int ring_make(struct ring *ring, uint32_t size, size_t item_bytes);
void ring_free(struct ring *ring);

/* False: full, nothing was put. */
bool ring_put(struct ring *ring, const void *item);

/* False: empty, nothing was taken. */
bool ring_take(struct ring *ring, void *item);

#endif
