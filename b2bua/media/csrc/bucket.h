/* A token bucket: `per_second` packets in the long run, as many at once after a pause. */
#ifndef B2BUA_BUCKET_H
#define B2BUA_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	uint64_t level_ns; /* unspent time; a packet costs 1 s / per_second of it, 1 s is full */
	uint64_t filled_ns;
};

void bucket_fill(struct bucket *bucket, uint64_t now_ns);

/* Take one packet; false: too many.  `per_second` 0 means no limit. */
bool bucket_take(struct bucket *bucket, uint32_t per_second, uint64_t now_ns);

#endif
