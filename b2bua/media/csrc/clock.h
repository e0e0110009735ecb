/* Monotonic time in nanoseconds, and the steps of it that media is made of. */
#ifndef B2BUA_CLOCK_H
#define B2BUA_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
#define FRAME_NS (20 * NS_PER_MS)

enum {
	FRAME_MS = 20,
	FRAME_OCTETS = 160, /* 20 ms of G.711, and of its RTP clock */
};

static inline uint64_t clock_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with these arguments */
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

#endif
