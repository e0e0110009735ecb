#include "mix.h"

static int16_t clipped(int sample)
{
	if (sample > INT16_MAX)
		return INT16_MAX;
	return (int16_t)(sample < INT16_MIN ? INT16_MIN : sample);
}

void mix_add(const int16_t *a, const int16_t *b, size_t count, int16_t *sum)
{
	for (size_t at = 0; at < count; at++)
		sum[at] = clipped(a[at] + b[at]);
}
