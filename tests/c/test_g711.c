/* G.711: every octet and every sample, against the tables of the recommendation. */
#include "../../b2bua/media/csrc/g711.h"

#include <assert.h>
#include <stdlib.h>

struct law {
	uint8_t (*encode)(int16_t);
	int16_t (*decode)(uint8_t);
};

static const struct law ULAW = { g711_ulaw_encode, g711_ulaw_decode };
static const struct law ALAW = { g711_alaw_encode, g711_alaw_decode };

static void what_is_decoded_is_encoded_the_same(const struct law *law)
{
	for (int octet = 0; octet < 256; octet++) {
		int16_t sample = law->decode((uint8_t)octet);

		if (sample != 0) /* mu-law has two zeros */
			assert(law->encode(sample) == octet);
	}
}

static void louder_samples_have_louder_codes(const struct law *law)
{
	for (int sample = INT16_MIN; sample < INT16_MAX; sample++) {
		int16_t lower = law->decode(law->encode((int16_t)sample));
		int16_t higher = law->decode(law->encode((int16_t)(sample + 1)));

		assert(lower <= higher);
	}
}

/* No code lies nearer to a sample than its own by more than the rounding of the law's half step. */
static void the_error_is_at_most_half_a_step(const struct law *law, int overload)
{
	for (int sample = INT16_MIN; sample <= INT16_MAX; sample++) {
		int error = abs(sample - law->decode(law->encode((int16_t)sample)));
		int size = abs(sample);

		if (size <= overload)
			assert(error <= (size < 256 ? 8 : size / 16) + 1);
	}
}

static void codes_are_those_of_the_tables(void)
{
	assert(g711_ulaw_encode(0) == 0xff && g711_ulaw_decode(0xff) == 0);
	assert(g711_ulaw_encode(INT16_MAX) == 0x80 && g711_ulaw_decode(0x80) == 32124);
	assert(g711_ulaw_encode(INT16_MIN) == 0x00 && g711_ulaw_decode(0x00) == -32124);
	assert(g711_ulaw_decode(0xfe) == 8 && g711_ulaw_decode(0x7e) == -8);
	assert(g711_alaw_encode(0) == 0xd5 && g711_alaw_decode(0xd5) == 8);
	assert(g711_alaw_encode(-1) == 0x55 && g711_alaw_decode(0x55) == -8);
	assert(g711_alaw_encode(INT16_MAX) == 0xaa && g711_alaw_decode(0xaa) == 32256);
	assert(g711_alaw_encode(INT16_MIN) == 0x2a && g711_alaw_decode(0x2a) == -32256);
}

int main(void)
{
	const struct law *laws[] = { &ULAW, &ALAW };

	codes_are_those_of_the_tables();
	for (int at = 0; at < 2; at++) {
		what_is_decoded_is_encoded_the_same(laws[at]);
		louder_samples_have_louder_codes(laws[at]);
		the_error_is_at_most_half_a_step(laws[at], 32000);
	}
	return 0;
}
