/*
 * The streams of a relay and their handles.  Belongs to the control thread.
 *
 * A handle is generation << 32 | slot.  A slot's generation goes up each time the slot is freed,
 * so a handle that outlived its stream finds nothing.  A slot is taken anew only when the worker
 * has released it, and the one that has rested longest comes first.
 */
#ifndef B2BUA_TABLE_H
#define B2BUA_TABLE_H

#include "stream.h"

struct slot {
	uint32_t generation; /* never 0, so that no handle is 0 */
	bool is_taken;
	enum stream_kind kind;
	sa_family_t family;
	uint32_t next_free;
};

struct table {
	uint32_t size;
	uint32_t first_free; /* `size`: none */
	uint32_t last_free;
	struct slot *slots;
	struct stream *streams; /* beside the slots, by the same number */
};

/* Make `size` slots; returns 0 or -ENOMEM. */
int table_make(struct table *table, uint32_t size);
void table_free(struct table *table);

/* Take a slot; returns its handle, or 0 if none is free. */
uint64_t table_take(struct table *table);

/* Returns NULL if the handle is unknown or was freed. */
struct slot *table_find(const struct table *table, uint64_t handle);
void table_give_back(struct table *table, uint64_t handle);
void table_give_back_all(struct table *table);

static inline uint32_t table_slot_of(uint64_t handle)
{
	return (uint32_t)handle;
}

#endif
