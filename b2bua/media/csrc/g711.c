#include "g711.h"

/*
 * Both laws write a sample as sign, segment (3 bits) and step (4 bits).  The steps of a segment
 * are twice as high as those of the one below; in A-law the lowest two segments are alike.
 */
enum {
	SIGN = 0x80,
	STEP_BITS = 4,
	STEP_MASK = 0x0f,
	ULAW_BIAS = 0x84, /* makes each segment begin at a power of two (G.711 table 2a) */
	ULAW_MOST = INT16_MAX - ULAW_BIAS,
	ALAW_EVEN_BITS = 0x55, /* inverted on the line (G.711 section 3, table 1a note 2) */
};

/* The place of the highest bit that is set; `value` is not 0. */
static unsigned top_bit(unsigned value)
{
	return 31u - (unsigned)__builtin_clz(value);
}

uint8_t g711_ulaw_encode(int16_t sample)
{
	int sign = sample < 0 ? SIGN : 0;
	int size = sample < 0 ? -sample : sample;
	unsigned biased = (unsigned)(size < ULAW_MOST ? size : ULAW_MOST) + ULAW_BIAS;
	unsigned segment = top_bit(biased) - 7;
	unsigned step = biased >> (segment + 3) & STEP_MASK;

	return (uint8_t) ~((unsigned)sign | segment << STEP_BITS | step);
}

int16_t g711_ulaw_decode(uint8_t octet)
{
	unsigned code = (uint8_t)~octet;
	unsigned segment = code >> STEP_BITS & 7;
	int size = (int)(((code & STEP_MASK) << 3 | ULAW_BIAS) << segment) - ULAW_BIAS;

	return (int16_t)(code & SIGN ? -size : size);
}

uint8_t g711_alaw_encode(int16_t sample)
{
	unsigned sign = sample < 0 ? 0 : SIGN;
	unsigned size = (unsigned)(sample < 0 ? ~sample : sample);
	unsigned segment = top_bit(size | 0xff) - 7;
	unsigned step = size >> (segment == 0 ? 4 : segment + 3) & STEP_MASK;

	return (uint8_t)((sign | segment << STEP_BITS | step) ^ ALAW_EVEN_BITS);
}

int16_t g711_alaw_decode(uint8_t octet)
{
	unsigned code = octet ^ ALAW_EVEN_BITS;
	unsigned segment = code >> STEP_BITS & 7;
	unsigned middle = (code & STEP_MASK) << 4 | 8; /* of the step */
	int size = (int)(segment == 0 ? middle : (middle | 0x100) << (segment - 1));

	return (int16_t)(code & SIGN ? size : -size);
}

void g711_ulaw_encode_all(const int16_t *samples, size_t count, uint8_t *octets)
{
	for (size_t at = 0; at < count; at++)
		octets[at] = g711_ulaw_encode(samples[at]);
}

void g711_alaw_encode_all(const int16_t *samples, size_t count, uint8_t *octets)
{
	for (size_t at = 0; at < count; at++)
		octets[at] = g711_alaw_encode(samples[at]);
}

void g711_ulaw_decode_all(const uint8_t *octets, size_t count, int16_t *samples)
{
	for (size_t at = 0; at < count; at++)
		samples[at] = g711_ulaw_decode(octets[at]);
}

void g711_alaw_decode_all(const uint8_t *octets, size_t count, int16_t *samples)
{
	for (size_t at = 0; at < count; at++)
		samples[at] = g711_alaw_decode(octets[at]);
}
