#include "resample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.14159265358979323846

/*
 * A Kaiser window for 80 dB (beta) over a transition from 3,400 to 4,000 Hz (width), around a
 * cut-off of 3,700 Hz: Oppenheim and Schafer, Discrete-Time Signal Processing, section 7.5.3.
 */
#define BETA 7.857
#define CUTOFF_HZ 3700.0
#define HALF_WIDTH_S 0.0042

/*
 * The standard rates repeat their phases soon (44,100 Hz after 80).  A rate that does not is laid
 * on a grid so fine that the error is 70 dB down at 3.4 kHz.
 */
#define GRID_HZ 32000000u

enum { LANES = 8 }; /* taps are taken so many at a time: a vector for the compiler */

struct filter {
	uint32_t rate_hz;
	uint32_t phases;
	size_t half;  /* taps on each side of the place of an output sample */
	size_t taps;  /* of one phase, rounded up to whole lanes */
	float *table; /* phases * taps */
};

bool resample_knows(uint32_t rate_hz)
{
	return rate_hz >= RESAMPLE_HZ_LEAST && rate_hz <= RESAMPLE_HZ_MOST;
}

size_t resample_count(size_t count, uint32_t rate_hz)
{
	return (size_t)(((uint64_t)count * RESAMPLE_HZ + rate_hz - 1) / rate_hz);
}

static uint32_t greatest_common_divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* The modified Bessel function of order 0, by its power series. */
static double bessel_i0(double x)
{
	double sum = 1.0, term = 1.0;

	for (int k = 1; term > sum * 1e-12; k++) {
		term *= x * x / (4.0 * k * k);
		sum += term;
	}
	return sum;
}

/* The filter at `seconds` from its middle, for a signal `slowness` times narrower than 4 kHz. */
static double response(double seconds, double slowness)
{
	double place = seconds / (HALF_WIDTH_S * slowness);
	double angle = 2.0 * PI * CUTOFF_HZ * seconds / slowness;
	double sinc = fabs(angle) < 1e-9 ? 1.0 : sin(angle) / angle;

	if (fabs(place) >= 1.0)
		return 0.0;
	return sinc * bessel_i0(BETA * sqrt(1.0 - place * place)) / bessel_i0(BETA);
}

/* Taps for an output that lies phase / phases behind input sample `half`; their sum is 1. */
static void fill_phase(const struct filter *filter, uint32_t phase, double slowness)
{
	float *taps = filter->table + phase * filter->taps;
	double behind = (double)phase / filter->phases;
	double sum = 0.0;

	for (size_t at = 0; at < 2 * filter->half; at++) {
		double samples = (double)at - (double)filter->half + 1.0 - behind;
		double value = response(samples / filter->rate_hz, slowness);

		taps[at] = (float)value;
		sum += value;
	}
	for (size_t at = 0; at < filter->taps; at++)
		taps[at] = at < 2 * filter->half ? (float)(taps[at] / sum) : 0.0F;
}

static bool make_filter(struct filter *filter, uint32_t rate_hz)
{
	uint32_t exact = RESAMPLE_HZ / greatest_common_divisor(rate_hz, RESAMPLE_HZ);
	uint32_t finest = GRID_HZ / rate_hz;
	double slowness = rate_hz < RESAMPLE_HZ ? (double)RESAMPLE_HZ / rate_hz : 1.0;

	filter->rate_hz = rate_hz;
	filter->phases = exact < finest ? exact : finest;
	filter->half = (size_t)ceil(HALF_WIDTH_S * slowness * rate_hz) + 1;
	filter->taps = (2 * filter->half + LANES - 1) / LANES * LANES;
	filter->table = calloc(filter->phases * filter->taps, sizeof *filter->table);
	if (filter->table == NULL)
		return false;
	for (uint32_t phase = 0; phase < filter->phases; phase++)
		fill_phase(filter, phase, slowness);
	return true;
}

static int16_t weigh(const float *taps, const int16_t *window, size_t count)
{
	float lanes[LANES] = { 0.0F };
	float sum = 0.0F;

	for (size_t at = 0; at < count; at += LANES)
		for (size_t lane = 0; lane < LANES; lane++)
			lanes[lane] += taps[at + lane] * (float)window[at + lane];
	for (size_t lane = 0; lane < LANES; lane++)
		sum += lanes[lane];
	if (sum > (float)INT16_MAX)
		return INT16_MAX;
	return sum < (float)INT16_MIN ? INT16_MIN : (int16_t)lrintf(sum);
}

/* `size` samples of the input from `first` on (it may lie before the beginning); outside is
 * silence. */
static const int16_t *window_at(const int16_t *in, size_t count, int64_t first, size_t size,
				int16_t *scratch)
{
	if (first >= 0 && (uint64_t)first + size <= count)
		return in + first;
	for (size_t at = 0; at < size; at++) {
		int64_t place = first + (int64_t)at;

		scratch[at] = place >= 0 && (uint64_t)place < count ? in[place] : 0;
	}
	return scratch;
}

static void run(const struct filter *filter, const int16_t *in, size_t count, int16_t *out,
		int16_t *scratch)
{
	size_t most = resample_count(count, filter->rate_hz);

	for (size_t at = 0; at < most; at++) {
		uint64_t place = (uint64_t)at * filter->rate_hz; /* in 1/8000 of an input sample */
		uint64_t part = place % RESAMPLE_HZ * filter->phases + RESAMPLE_HZ / 2;
		uint64_t steps =
			part / RESAMPLE_HZ; /* the nearest phase, or the next sample's first */
		uint64_t middle = place / RESAMPLE_HZ + steps / filter->phases;
		const float *taps = filter->table + steps % filter->phases * filter->taps;
		int64_t first = (int64_t)middle - (int64_t)filter->half + 1;

		out[at] = weigh(taps, window_at(in, count, first, filter->taps, scratch),
				filter->taps);
	}
}

bool resample(const int16_t *in, size_t count, uint32_t rate_hz, int16_t *out)
{
	struct filter filter;
	int16_t *scratch;

	if (rate_hz == RESAMPLE_HZ) {
		memcpy(out, in, count * sizeof *in);
		return true;
	}
	if (!make_filter(&filter, rate_hz))
		return false;
	scratch = malloc(filter.taps * sizeof *scratch);
	if (scratch != NULL)
		run(&filter, in, count, out, scratch);
	free(scratch);
	free(filter.table);
	return scratch != NULL;
}
