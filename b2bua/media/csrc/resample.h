/*
 * Any sampling rate to the telephone's 8,000 Hz, 16-bit mono, by windowed sinc.
 *
 * What lies above 4 kHz would fold into the voice band; it is 80 dB down first.  Up to 3.4 kHz
 * nothing is changed.  For each output sample the filter is laid around its exact place in the
 * input; how it lies between two input samples (its phase) repeats, so the taps of all phases are
 * computed once, before.
 */
#ifndef B2BUA_RESAMPLE_H
#define B2BUA_RESAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RESAMPLE_HZ = 8000,
	RESAMPLE_HZ_LEAST = 4000,
	RESAMPLE_HZ_MOST = 192000,
};

bool resample_knows(uint32_t rate_hz);

/* How many samples come out where `count` go in. */
size_t resample_count(size_t count, uint32_t rate_hz);

/* Write `resample_count` samples to `out`.  False if there is no memory: `out` is undefined. */
bool resample(const int16_t *in, size_t count, uint32_t rate_hz, int16_t *out);

#endif
