/* Resampling: what may be heard stays, what would fold into the voice band goes. */
#include "../../b2bua/media/csrc/resample.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PI 3.14159265358979323846

static const uint32_t RATES[] = { 4000,	 6000,	8001,  11025, 12000, 16000, 22050,  24000,
				  32000, 37800, 44099, 44100, 48000, 96000, 191999, 192000 };
enum { RATE_COUNT = sizeof RATES / sizeof *RATES, AMPLITUDE = 16000 };

static int16_t *sine(double hz, uint32_t rate, size_t count)
{
	int16_t *samples = malloc(count * sizeof *samples);

	assert(samples != NULL);
	for (size_t at = 0; at < count; at++)
		samples[at] = (int16_t)lrint(AMPLITUDE * sin(2 * PI * hz * (double)at / rate));
	return samples;
}

/* The amplitude at `hz` in the middle of 8 kHz samples (Goertzel), away from both ends. */
static double level(const int16_t *samples, size_t count, double hz)
{
	double coefficient = 2 * cos(2 * PI * hz / RESAMPLE_HZ), before = 0, last = 0;
	size_t edge = 200, size = (count - 2 * edge) / 400 * 400;

	for (size_t at = 0; at < size; at++) {
		double now = samples[edge + at] + coefficient * last - before;

		before = last;
		last = now;
	}
	return 2 * sqrt(last * last + before * before - coefficient * last * before) / (double)size;
}

/* How loud a sine of `hz` comes out at `heard_hz`, in dB of what went in. */
static double gain_db(double hz, uint32_t rate, double heard_hz)
{
	size_t count = rate, out_count = resample_count(count, rate);
	int16_t *in = sine(hz, rate, count), *out = malloc(out_count * sizeof *out);
	double amplitude;

	assert(out != NULL && resample(in, count, rate, out));
	amplitude = level(out, out_count, heard_hz);
	free(in);
	free(out);
	return 20 * log10((amplitude + 1e-9) / AMPLITUDE);
}

static void the_voice_band_passes(void)
{
	const double tones[] = { 300, 1000, 2000, 3000, 3400 };

	for (int at = 0; at < RATE_COUNT; at++)
		for (int tone = 0; tone < 5; tone++)
			if (RATES[at] >= RESAMPLE_HZ)
				assert(fabs(gain_db(tones[tone], RATES[at], tones[tone])) < 0.1);
}

static void what_lies_above_does_not_fold_into_it(void)
{
	const double tones[] = { 4200, 4600, 5000, 6000, 7000, 9000, 15000, 20000 };

	for (int at = 0; at < RATE_COUNT; at++)
		for (int tone = 0; tone < 8; tone++) {
			double hz = tones[tone],
			       alias = fabs(hz - RESAMPLE_HZ * round(hz / RESAMPLE_HZ));

			if (hz < RATES[at] / 2.0)
				assert(gain_db(hz, RATES[at], alias) < -75);
		}
}

static void a_rate_below_ours_gets_no_images(void)
{
	assert(fabs(gain_db(1000, 4000, 1000)) < 0.1);
	assert(gain_db(1000, 4000, 3000) < -75);
}

static void a_steady_level_stays(void)
{
	for (int rate = 0; rate < RATE_COUNT; rate++) {
		size_t count = RATES[rate] / 4, out_count = resample_count(count, RATES[rate]);
		int16_t *in = malloc(count * sizeof *in), *out = malloc(out_count * sizeof *out);

		assert(in != NULL && out != NULL);
		for (size_t at = 0; at < count; at++)
			in[at] = 12345;
		assert(resample(in, count, RATES[rate], out));
		for (size_t at = 100; at + 100 < out_count; at++)
			assert(abs(out[at] - 12345) <= 1);
		free(in);
		free(out);
	}
}

static void the_loudest_square_is_clipped_and_does_not_wrap(void)
{
	enum { COUNT = 48000, PERIOD = 240 };
	int16_t *in = malloc(COUNT * sizeof *in), *out = malloc(COUNT / 6 * sizeof *out);

	assert(in != NULL && out != NULL);
	for (size_t at = 0; at < COUNT; at++)
		in[at] = at / PERIOD % 2 ? INT16_MIN : INT16_MAX;
	assert(resample(in, COUNT, 48000, out));
	for (size_t at = 5; at < COUNT / 6; at++) {
		size_t from_edge = (6 * at) % PERIOD;

		if (from_edge > 30 && from_edge < PERIOD - 30)
			assert((6 * at / PERIOD % 2) == (out[at] < 0));
	}
	free(in);
	free(out);
}

/* The last sample touches an unmapped page: one too far is a crash.  So for the output. */
static int16_t *flush_right(size_t count)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = count * sizeof(int16_t), room = (size + page) / page * page;
	uint8_t *map =
		mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert(map != MAP_FAILED && mprotect(map + room, page, PROT_NONE) == 0);
	return (int16_t *)(void *)(map + room - size);
}

static void short_inputs_are_read_and_written_to_their_ends_only(void)
{
	for (int rate = 0; rate < RATE_COUNT; rate++)
		for (size_t count = 0; count < 12; count++) {
			int16_t *in = flush_right(count);
			int16_t *out = flush_right(resample_count(count, RATES[rate]));

			memset(in, 0x11, count * sizeof *in);
			assert(resample(in, count, RATES[rate], out));
		}
}

static void as_much_comes_out_as_was_said(void)
{
	assert(resample_count(0, 44100) == 0);
	assert(resample_count(1, 44100) == 1);
	assert(resample_count(44100, 44100) == 8000);
	assert(resample_count(44101, 44100) == 8001);
	assert(resample_count(4000, 4000) == 8000);
}

int main(void)
{
	assert(!resample_knows(3999) && resample_knows(4000));
	assert(resample_knows(192000) && !resample_knows(192001));
	as_much_comes_out_as_was_said();
	the_voice_band_passes();
	what_lies_above_does_not_fold_into_it();
	a_rate_below_ours_gets_no_images();
	a_steady_level_stays();
	the_loudest_square_is_clipped_and_does_not_wrap();
	short_inputs_are_read_and_written_to_their_ends_only();
	return 0;
}
