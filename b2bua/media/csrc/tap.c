#include "tap.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct tapped) == TAPPED_BYTES, "it is read elsewhere, byte by byte");

struct tap *tap_make(void)
{
	struct tap *tap = aligned_alloc(alignof(struct tap), sizeof *tap);

	if (tap == NULL)
		return NULL;
	tap->id = 0;
	tap->next = NULL;
	atomic_init(&tap->lent, 0);
	atomic_init(&tap->dropped, 0);
	atomic_init(&tap->head, 0);
	atomic_init(&tap->tail, 0);
	return tap;
}

/* Indices run over 32 bits; the queue's size divides 2^32. */
static void copy_in(struct tap *tap, uint32_t index, const void *from, size_t size)
{
	size_t at = index % TAP_BYTES;
	size_t first = size < TAP_BYTES - at ? size : TAP_BYTES - at;

	memcpy(tap->bytes + at, from, first);
	memcpy(tap->bytes, (const uint8_t *)from + first, size - first);
}

/* RFC 3550 section 5.1: the last octet of padding says how many there are. */
static size_t payload_bytes(const uint8_t *packet, size_t size, const struct rtp_header *header)
{
	size_t rest = size - header->payload_offset;
	size_t padding = header->padded && rest > 0 ? packet[size - 1] : 0;

	return padding < rest ? rest - padding : 0;
}

void tap_put(struct tap *tap, uint8_t channel, const uint8_t *packet, size_t size,
	     const struct rtp_header *header, uint64_t now_ns)
{
	uint32_t head = atomic_load_explicit(&tap->head, memory_order_relaxed);
	uint32_t tail = atomic_load_explicit(&tap->tail, memory_order_acquire);
	size_t payload = payload_bytes(packet, size, header);
	const struct tapped tapped = {
		.arrived_ns = now_ns,
		.timestamp = header->timestamp,
		.ssrc = header->ssrc,
		.sequence = header->sequence,
		.size = (uint16_t)payload,
		.payload_type = header->payload_type,
		.channel = channel,
	};

	if (TAP_BYTES - (head - tail) < sizeof tapped + payload) {
		atomic_fetch_add_explicit(&tap->dropped, 1, memory_order_relaxed);
		return;
	}
	copy_in(tap, head, &tapped, sizeof tapped);
	copy_in(tap, head + TAPPED_BYTES, packet + header->payload_offset, payload);
	head += TAPPED_BYTES + (uint32_t)payload;
	atomic_store_explicit(&tap->head, head, memory_order_release);
}

void tap_give_back(struct tap *tap)
{
	/* The control thread may free it as soon as it sees this. */
	atomic_fetch_sub_explicit(&tap->lent, 1, memory_order_release);
}

size_t tap_take(struct tap *tap, uint8_t bytes[static TAP_BYTES])
{
	uint32_t tail = atomic_load_explicit(&tap->tail, memory_order_relaxed);
	uint32_t head = atomic_load_explicit(&tap->head, memory_order_acquire);
	size_t size = head - tail, at = tail % TAP_BYTES;
	size_t first = size < TAP_BYTES - at ? size : TAP_BYTES - at;

	memcpy(bytes, tap->bytes + at, first);
	memcpy(bytes + first, tap->bytes, size - first);
	atomic_store_explicit(&tap->tail, head, memory_order_release);
	return size;
}
