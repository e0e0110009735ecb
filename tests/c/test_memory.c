/*
 * Memory runs out: the n-th allocation fails for n = 1, 2, 3 ... until the whole scenario
 * succeeds.  Each failure is answered, and nothing is leaked (the address sanitizer looks).
 */
#include "check.h"
#include "relay.h"

#include <errno.h>
#include <stdalign.h>

static unsigned allocations, failing;

static bool fails(void)
{
	return ++allocations == failing;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

static int scenario(void)
{
	const struct relay_limits limits = { .streams = 2, .notices = 2 };
	const uint8_t octets[160] = { 0 };
	struct address local;
	struct relay *relay;
	uint64_t handle, tap;
	int fault = relay_make(&relay, &limits);

	if (fault != 0)
		return fault;
	CHECK(address_read("127.0.0.1", 0, &local));
	fault = relay_start(relay);
	if (fault == 0)
		fault = relay_open(relay, STREAM_RAW, &local, &handle);
	if (fault == 0)
		fault = relay_tap_open(relay, &tap);
	if (fault == 0)
		fault = relay_play(relay, handle, 1, octets, sizeof octets, false);
	if (fault == -EINVAL) /* raw streams have no voice */
		fault = 0;
	relay_free(relay);
	return fault;
}

int main(void)
{
	int fault = -ENOMEM;

	for (failing = 1; fault != 0; failing++) {
		allocations = 0;
		fault = scenario();
		CHECK(fault == 0 || fault == -ENOMEM);
	}
	CHECK(failing > 8);
	return 0;
}
