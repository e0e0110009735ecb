#include "level.h"

#include <math.h>

enum { PIECE = 160 };

/* -50 dB of full scale: what is softer is a pause, as in ITU-T P.56 it does not count. */
#define PAUSE_RMS 104.0

static double energy(const int16_t *samples, size_t count, int *peak)
{
	double sum = 0.0;

	for (size_t at = 0; at < count; at++) {
		int size = samples[at] < 0 ? -samples[at] : samples[at];

		sum += (double)samples[at] * samples[at];
		if (size > *peak)
			*peak = size;
	}
	return sum;
}

struct level level_of(const int16_t *samples, size_t count)
{
	struct level level = { 0, 0.0 };
	double sum = 0.0;
	size_t active = 0;

	for (size_t at = 0; at < count; at += PIECE) {
		size_t size = count - at < PIECE ? count - at : PIECE;
		double piece = energy(samples + at, size, &level.peak);

		if (piece <= PAUSE_RMS * PAUSE_RMS * (double)size)
			continue;
		sum += piece;
		active += size;
	}
	if (active > 0)
		level.active = sqrt(sum / (double)active);
	return level;
}

void level_change(const int16_t *in, size_t count, double gain, int16_t *out)
{
	for (size_t at = 0; at < count; at++) {
		double value = in[at] * gain;

		if (value > INT16_MAX)
			out[at] = INT16_MAX;
		else
			out[at] = value < INT16_MIN ? INT16_MIN : (int16_t)lrint(value);
	}
}
