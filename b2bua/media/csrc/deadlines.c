#include "deadlines.h"

#include <errno.h>
#include <stdlib.h>

int deadlines_make(struct deadlines *deadlines, uint32_t names)
{
	deadlines->names = names;
	deadlines->count = 0;
	deadlines->due_ns = calloc(names, sizeof *deadlines->due_ns);
	deadlines->heap = calloc(names, sizeof *deadlines->heap);
	deadlines->position = calloc(names, sizeof *deadlines->position);
	if (deadlines->due_ns != NULL && deadlines->heap != NULL && deadlines->position != NULL)
		return 0;
	deadlines_free(deadlines);
	return -ENOMEM;
}

void deadlines_free(struct deadlines *deadlines)
{
	free(deadlines->due_ns);
	free(deadlines->heap);
	free(deadlines->position);
	deadlines->due_ns = NULL;
	deadlines->heap = deadlines->position = NULL;
}

static bool is_earlier(const struct deadlines *deadlines, uint32_t a, uint32_t b)
{
	return deadlines->due_ns[deadlines->heap[a]] < deadlines->due_ns[deadlines->heap[b]];
}

static void place(struct deadlines *deadlines, uint32_t at, uint32_t name)
{
	deadlines->heap[at] = name;
	deadlines->position[name] = at + 1;
}

static void exchange(struct deadlines *deadlines, uint32_t a, uint32_t b)
{
	uint32_t name = deadlines->heap[a];

	place(deadlines, a, deadlines->heap[b]);
	place(deadlines, b, name);
}

static void rise(struct deadlines *deadlines, uint32_t at)
{
	while (at > 0 && is_earlier(deadlines, at, (at - 1) / 2)) {
		exchange(deadlines, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

static void sink(struct deadlines *deadlines, uint32_t at)
{
	for (;;) {
		uint32_t left = 2 * at + 1, right = left + 1, least = at;

		if (left < deadlines->count && is_earlier(deadlines, left, least))
			least = left;
		if (right < deadlines->count && is_earlier(deadlines, right, least))
			least = right;
		if (least == at)
			return;
		exchange(deadlines, at, least);
		at = least;
	}
}

static void take_away(struct deadlines *deadlines, uint32_t name)
{
	uint32_t at = deadlines->position[name] - 1;
	uint32_t last = deadlines->heap[--deadlines->count];

	deadlines->position[name] = 0;
	if (last == name)
		return;
	place(deadlines, at, last);
	rise(deadlines, at);
	sink(deadlines, deadlines->position[last] - 1);
}

void deadlines_set(struct deadlines *deadlines, uint32_t name, uint64_t due_ns)
{
	if (deadlines->position[name] != 0)
		take_away(deadlines, name);
	if (due_ns == DEADLINE_NEVER)
		return;
	deadlines->due_ns[name] = due_ns;
	place(deadlines, deadlines->count, name);
	rise(deadlines, deadlines->count++);
}

uint64_t deadlines_next(const struct deadlines *deadlines)
{
	return deadlines->count == 0 ? DEADLINE_NEVER : deadlines->due_ns[deadlines->heap[0]];
}

bool deadlines_take(struct deadlines *deadlines, uint64_t now_ns, uint32_t *name)
{
	if (deadlines_next(deadlines) > now_ns || deadlines->count == 0)
		return false;
	*name = deadlines->heap[0];
	take_away(deadlines, *name);
	return true;
}
