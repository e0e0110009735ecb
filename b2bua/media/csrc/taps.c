#include "taps.h"

#include <errno.h>
#include <stdlib.h>

int taps_make(struct taps *taps, uint32_t size)
{
	*taps = (struct taps){ .size = size };
	taps->slots = calloc(size, sizeof *taps->slots);
	return taps->slots == NULL ? -ENOMEM : 0;
}

static uint64_t dropped_by(const struct tap *tap)
{
	return atomic_load_explicit(&tap->dropped, memory_order_relaxed);
}

static void free_returned(struct taps *taps)
{
	struct tap **link = &taps->closed;

	while (*link != NULL) {
		struct tap *tap = *link;

		if (atomic_load_explicit(&tap->lent, memory_order_acquire) != 0) {
			link = &tap->next;
			continue;
		}
		*link = tap->next;
		taps->dropped += dropped_by(tap);
		free(tap);
	}
}

void taps_free(struct taps *taps)
{
	if (taps->slots != NULL)
		taps_close_all(taps);
	free(taps->slots);
	taps->slots = NULL;
}

int taps_open(struct taps *taps, uint64_t *id)
{
	struct tap *tap;
	uint32_t tries = 0;

	free_returned(taps);
	while (tries < taps->size && taps->slots[taps->next] != NULL) {
		taps->next = (taps->next + 1) % taps->size;
		tries++;
	}
	if (tries == taps->size)
		return -ENOSPC;
	tap = tap_make();
	if (tap == NULL)
		return -ENOMEM;
	if (++taps->generation == 0)
		taps->generation = 1;
	tap->id = (uint64_t)taps->generation << 32 | taps->next;
	taps->slots[taps->next] = tap;
	*id = tap->id;
	return 0;
}

struct tap *taps_find(const struct taps *taps, uint64_t id)
{
	uint32_t index = (uint32_t)id;
	struct tap *tap = index < taps->size ? taps->slots[index] : NULL;

	return tap != NULL && tap->id == id ? tap : NULL;
}

void taps_close(struct taps *taps, struct tap *tap)
{
	taps->slots[(uint32_t)tap->id] = NULL;
	tap->next = taps->closed;
	taps->closed = tap;
	free_returned(taps);
}

void taps_close_all(struct taps *taps)
{
	for (uint32_t i = 0; i < taps->size; i++)
		if (taps->slots[i] != NULL)
			taps_close(taps, taps->slots[i]);
	free_returned(taps);
}

uint64_t taps_dropped(const struct taps *taps)
{
	uint64_t dropped = taps->dropped;

	for (uint32_t i = 0; i < taps->size; i++)
		if (taps->slots[i] != NULL)
			dropped += dropped_by(taps->slots[i]);
	for (const struct tap *tap = taps->closed; tap != NULL; tap = tap->next)
		dropped += dropped_by(tap);
	return dropped;
}
