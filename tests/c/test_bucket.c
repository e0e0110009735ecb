#include "bucket.h"
#include "check.h"
#include "clock.h"

static unsigned taken(struct bucket *bucket, uint64_t now_ns, unsigned tries)
{
	unsigned count = 0;

	for (unsigned i = 0; i < tries; i++)
		count += bucket_take(bucket, 250, now_ns);
	return count;
}

static void a_second_holds_so_many_and_not_one_more(void)
{
	struct bucket bucket;

	bucket_fill(&bucket, 1000);
	CHECK(taken(&bucket, 1000, 300) == 250);
	CHECK(taken(&bucket, 1000 + 4 * NS_PER_MS, 5) == 1);
	CHECK(taken(&bucket, 1000 + 100 * NS_PER_SECOND, 300) == 250);
}

static void the_clock_going_back_gives_nothing(void)
{
	struct bucket bucket;

	bucket_fill(&bucket, NS_PER_SECOND);
	CHECK(taken(&bucket, NS_PER_SECOND, 250) == 250);
	CHECK(taken(&bucket, 0, 1) == 0);
}

static void in_the_long_run_the_rate_is_kept(void)
{
	struct bucket bucket;
	unsigned count = 0;

	bucket_fill(&bucket, 0);
	for (uint64_t ms = 0; ms < 10000; ms++)
		count += taken(&bucket, ms * NS_PER_MS, 1);
	CHECK(count >= 250 * 11 - 2 && count <= 250 * 11);
}

static void no_limit_is_no_limit(void)
{
	struct bucket bucket = { 0 };

	for (unsigned i = 0; i < 100000; i++)
		CHECK(bucket_take(&bucket, 0, 0));
}

int main(void)
{
	a_second_holds_so_many_and_not_one_more();
	the_clock_going_back_gives_nothing();
	in_the_long_run_the_rate_is_kept();
	no_limit_is_no_limit();
	return 0;
}
