/* How loud 16-bit samples are, and how to make them louder or softer without wrapping. */
#ifndef B2BUA_LEVEL_H
#define B2BUA_LEVEL_H

#include <stddef.h>
#include <stdint.h>

struct level {
	int peak;      /* 0-32768 */
	double active; /* root mean square of the 20 ms pieces that are not pauses; 0: all are */
};

struct level level_of(const int16_t *samples, size_t count);

void level_change(const int16_t *in, size_t count, double gain, int16_t *out);

#endif
