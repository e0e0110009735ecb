#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Indices run over 32 bits, so the size must divide 2^32. */
static uint32_t power_of_two(uint32_t size)
{
	uint32_t rounded = 1;

	while (rounded < size && rounded < UINT32_C(1) << 31)
		rounded <<= 1;
	return rounded;
}

int ring_make(struct ring *ring, uint32_t size, size_t item_bytes)
{
	ring->size = power_of_two(size);
	ring->item_bytes = item_bytes;
	ring->items = calloc(ring->size, item_bytes);
	atomic_init(&ring->head, 0);
	atomic_init(&ring->tail, 0);
	return ring->items == NULL ? -ENOMEM : 0;
}

void ring_free(struct ring *ring)
{
	free(ring->items);
	ring->items = NULL;
}

static uint8_t *item_at(const struct ring *ring, uint32_t index)
{
	return ring->items + (size_t)(index & (ring->size - 1)) * ring->item_bytes;
}

bool ring_put(struct ring *ring, const void *item)
{
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	if (head - tail == ring->size)
		return false;
	memcpy(item_at(ring, head), item, ring->item_bytes);
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
	return true;
}

bool ring_take(struct ring *ring, void *item)
{
	uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);

	if (head == tail)
		return false;
	memcpy(item, item_at(ring, tail), ring->item_bytes);
	atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
	return true;
}
