#include "check.h"
#include "table.h"

static void a_stale_handle_finds_nothing(void)
{
	struct table table;
	uint64_t old, new;

	CHECK(table_make(&table, 1) == 0);
	old = table_take(&table);
	CHECK(old != 0 && table_find(&table, old) == table.slots);
	table_give_back(&table, old);
	CHECK(table_find(&table, old) == NULL);
	new = table_take(&table);
	CHECK(new != old &&table_find(&table, new) != NULL &&table_find(&table, old) == NULL);
	table_free(&table);
}

static void handles_that_never_were_find_nothing(void)
{
	struct table table;

	CHECK(table_make(&table, 3) == 0);
	CHECK(table_find(&table, 0) == NULL);
	CHECK(table_find(&table, UINT64_MAX) == NULL);
	CHECK(table_find(&table, (uint64_t)1 << 32) == NULL);
	CHECK(table_find(&table, (uint64_t)1 << 32 | 3) == NULL);
	table_free(&table);
}

static void a_slot_rests_until_the_worker_lets_go_of_it(void)
{
	struct table table;
	uint64_t handle;

	CHECK(table_make(&table, 1) == 0);
	handle = table_take(&table);
	atomic_store(&table.streams[0].released, false);
	table_give_back(&table, handle);
	CHECK(table_take(&table) == 0);
	atomic_store(&table.streams[0].released, true);
	CHECK(table_take(&table) != 0);
	CHECK(table_take(&table) == 0);
	table_free(&table);
}

static void the_slot_that_rested_longest_comes_first(void)
{
	struct table table;
	uint64_t handles[3];

	CHECK(table_make(&table, 3) == 0);
	for (unsigned i = 0; i < 3; i++)
		handles[i] = table_take(&table);
	table_give_back(&table, handles[1]);
	table_give_back(&table, handles[2]);
	table_give_back(&table, handles[0]);
	CHECK(table_slot_of(table_take(&table)) == 1);
	CHECK(table_slot_of(table_take(&table)) == 2);
	table_give_back_all(&table);
	CHECK(table_slot_of(table_take(&table)) == 0);
	table_free(&table);
}

static void a_generation_is_never_zero(void)
{
	struct table table;
	uint64_t handle;

	CHECK(table_make(&table, 1) == 0);
	table.slots[0].generation = UINT32_MAX;
	handle = table_take(&table);
	table_give_back(&table, handle);
	CHECK(table_take(&table) == (uint64_t)1 << 32);
	table_free(&table);
}

int main(void)
{
	a_stale_handle_finds_nothing();
	handles_that_never_were_find_nothing();
	a_slot_rests_until_the_worker_lets_go_of_it();
	the_slot_that_rested_longest_comes_first();
	a_generation_is_never_zero();
	return 0;
}
