/* The heap against a plain list, over a few thousand random steps. */
#include "check.h"
#include "deadlines.h"

enum { NAMES = 50, STEPS = 20000 };

static uint64_t earliest(const uint64_t *due_ns)
{
	uint64_t least = DEADLINE_NEVER;

	for (unsigned i = 0; i < NAMES; i++)
		if (due_ns[i] < least)
			least = due_ns[i];
	return least;
}

static void deadlines_come_in_order_whatever_was_set_and_cleared(void)
{
	uint64_t due_ns[NAMES];
	struct deadlines deadlines;

	CHECK(deadlines_make(&deadlines, NAMES) == 0);
	for (unsigned i = 0; i < NAMES; i++)
		due_ns[i] = DEADLINE_NEVER;
	srandom(1);
	for (unsigned step = 0; step < STEPS; step++) {
		uint32_t name = (uint32_t)(random() % NAMES);

		switch (random() % 4) {
		case 0:
			due_ns[name] = DEADLINE_NEVER;
			deadlines_set(&deadlines, name, DEADLINE_NEVER);
			break;
		case 1:
			if (deadlines_take(&deadlines, (uint64_t)(random() % 1000), &name)) {
				CHECK(due_ns[name] == earliest(due_ns));
				due_ns[name] = DEADLINE_NEVER;
			}
			break;
		default:
			due_ns[name] = (uint64_t)(random() % 1000);
			deadlines_set(&deadlines, name, due_ns[name]);
		}
		CHECK(deadlines_next(&deadlines) == earliest(due_ns));
	}
	deadlines_free(&deadlines);
}

static void what_is_not_due_is_not_taken(void)
{
	struct deadlines deadlines;
	uint32_t name;

	CHECK(deadlines_make(&deadlines, 2) == 0);
	CHECK(!deadlines_take(&deadlines, DEADLINE_NEVER, &name));
	deadlines_set(&deadlines, 1, 10);
	CHECK(!deadlines_take(&deadlines, 9, &name));
	CHECK(deadlines_take(&deadlines, 10, &name) && name == 1);
	CHECK(deadlines_next(&deadlines) == DEADLINE_NEVER);
	deadlines_free(&deadlines);
}

int main(void)
{
	deadlines_come_in_order_whatever_was_set_and_cleared();
	what_is_not_due_is_not_taken();
	return 0;
}
