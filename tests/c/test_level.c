/* Loudness: pauses do not count, and nothing wraps. */
#include "../../b2bua/media/csrc/level.h"

#include "check.h"

#include <math.h>

enum { COUNT = 1600 };

static void a_square_is_as_loud_as_its_height(void)
{
	int16_t samples[COUNT];
	struct level level;

	for (int at = 0; at < COUNT; at++)
		samples[at] = at / 10 % 2 ? 5000 : -5000;
	level = level_of(samples, COUNT);
	CHECK(level.peak == 5000 && fabs(level.active - 5000) < 1);
}

static void a_pause_does_not_make_it_softer(void)
{
	int16_t samples[COUNT] = { 0 };

	for (int at = 0; at < COUNT / 2; at++)
		samples[at] = at / 10 % 2 ? 5000 : -5000;
	CHECK(fabs(level_of(samples, COUNT).active - 5000) < 1);
}

static void silence_has_no_level(void)
{
	int16_t samples[COUNT] = { 0 };

	CHECK(level_of(samples, COUNT).active == 0.0 && level_of(samples, COUNT).peak == 0);
	CHECK(level_of(samples, 0).active == 0.0);
}

static void the_last_sample_counts_and_none_behind_it(void)
{
	const int16_t lowest[] = { 0, 0, INT16_MIN };
	const int16_t *flush = (const int16_t *)(const void *)flush_right(lowest, sizeof lowest);

	CHECK(level_of(flush, 3).peak == 32768);
}

static void what_is_too_loud_is_clipped(void)
{
	const int16_t in[] = { 20000, -20000, 100, 0 };
	int16_t out[4];

	level_change(in, 4, 2.0, out);
	CHECK(out[0] == INT16_MAX && out[1] == INT16_MIN && out[2] == 200 && out[3] == 0);
	level_change(in, 4, 0.5, out);
	CHECK(out[0] == 10000 && out[1] == -10000 && out[2] == 50);
}

int main(void)
{
	a_square_is_as_loud_as_its_height();
	a_pause_does_not_make_it_softer();
	silence_has_no_level();
	the_last_sample_counts_and_none_behind_it();
	what_is_too_loud_is_clipped();
	return 0;
}
