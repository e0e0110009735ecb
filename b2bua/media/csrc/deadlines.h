/*
 * What is due next: a binary heap of instants, each with a small number as its name.  All memory
 * is taken when it is made; setting, clearing and taking cost O(log n).
 */
#ifndef B2BUA_DEADLINES_H
#define B2BUA_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

#define DEADLINE_NEVER UINT64_MAX

struct deadlines {
	uint32_t names;
	uint32_t count;
	uint64_t *due_ns;   /* by name */
	uint32_t *heap;     /* names, the earliest first */
	uint32_t *position; /* by name: its place in the heap plus 1, or 0 */
};

/* Make room for the names 0 ... names-1; returns 0 or -ENOMEM. */
int deadlines_make(struct deadlines *deadlines, uint32_t names);
void deadlines_free(struct deadlines *deadlines);

/* Set or move a deadline; DEADLINE_NEVER takes it away. */
void deadlines_set(struct deadlines *deadlines, uint32_t name, uint64_t due_ns);

/* The earliest instant, or DEADLINE_NEVER. */
uint64_t deadlines_next(const struct deadlines *deadlines);

/* Take the earliest name if it is due; false: none is. */
bool deadlines_take(struct deadlines *deadlines, uint64_t now_ns, uint32_t *name);

#endif
