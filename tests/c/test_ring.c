#include "check.h"
#include "ring.h"

#include <pthread.h>
#include <sched.h>

enum { ITEMS = 200000 };

static void a_full_ring_takes_no_more_and_an_empty_one_gives_none(void)
{
	struct ring ring;
	uint64_t item = 0;

	CHECK(ring_make(&ring, 3, sizeof item) == 0 && ring.size == 4);
	for (unsigned round = 0; round < 100; round++) {
		CHECK(!ring_take(&ring, &item));
		for (uint64_t i = 0; i < 4; i++)
			CHECK(ring_put(&ring, &i));
		CHECK(!ring_put(&ring, &item));
		for (uint64_t i = 0; i < 4; i++)
			CHECK(ring_take(&ring, &item) && item == i);
	}
	ring_free(&ring);
}

static void indices_may_wrap(void)
{
	struct ring ring;
	uint64_t item = 7;

	CHECK(ring_make(&ring, 4, sizeof item) == 0);
	atomic_store(&ring.head, UINT32_MAX - 1);
	atomic_store(&ring.tail, UINT32_MAX - 1);
	for (unsigned i = 0; i < 4; i++)
		CHECK(ring_put(&ring, &item));
	CHECK(!ring_put(&ring, &item));
	for (unsigned i = 0; i < 4; i++)
		CHECK(ring_take(&ring, &item) && item == 7);
	CHECK(!ring_take(&ring, &item));
	ring_free(&ring);
}

static void *put_all(void *argument)
{
	struct ring *ring = argument;

	for (uint64_t i = 0; i < ITEMS; i++)
		while (!ring_put(ring, &i))
			(void)sched_yield();
	return NULL;
}

static void two_threads_lose_nothing_and_keep_the_order(void)
{
	struct ring ring;
	pthread_t thread;
	uint64_t item;

	CHECK(ring_make(&ring, 16, sizeof item) == 0);
	CHECK(pthread_create(&thread, NULL, put_all, &ring) == 0);
	for (uint64_t i = 0; i < ITEMS; i++) {
		while (!ring_take(&ring, &item))
			(void)sched_yield();
		CHECK(item == i);
	}
	CHECK(pthread_join(thread, NULL) == 0);
	ring_free(&ring);
}

int main(void)
{
	a_full_ring_takes_no_more_and_an_empty_one_gives_none();
	indices_may_wrap();
	two_threads_lose_nothing_and_keep_the_order();
	return 0;
}
