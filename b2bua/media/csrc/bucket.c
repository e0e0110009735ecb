#include "bucket.h"

#include "clock.h"

void bucket_fill(struct bucket *bucket, uint64_t now_ns)
{
	bucket->level_ns = NS_PER_SECOND;
	bucket->filled_ns = now_ns;
}

bool bucket_take(struct bucket *bucket, uint32_t per_second, uint64_t now_ns)
{
	uint64_t cost_ns;

	if (per_second == 0)
		return true;
	if (now_ns > bucket->filled_ns) {
		bucket->level_ns += now_ns - bucket->filled_ns;
		if (bucket->level_ns > NS_PER_SECOND)
			bucket->level_ns = NS_PER_SECOND;
		bucket->filled_ns = now_ns;
	}
	cost_ns = NS_PER_SECOND / per_second;
	if (bucket->level_ns < cost_ns)
		return false;
	bucket->level_ns -= cost_ns;
	return true;
}
