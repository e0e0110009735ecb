/* The tones are heard by Goertzel's algorithm, as a receiver would. */
#include "check.h"
#include "dtmf.h"
#include "g711.h"
#include "tone.h"

#include <math.h>

enum { OCTETS = 800 };

static const double low[] = { 697, 770, 852, 941 };
static const double high[] = { 1209, 1336, 1477, 1633 };

static double power_at(const double *samples, double hertz)
{
	double c = 2 * cos(2 * 3.14159265358979323846 * hertz / 8000), s1 = 0, s2 = 0;

	for (unsigned i = 0; i < OCTETS; i++) {
		double s = samples[i] + c * s1 - s2;

		s2 = s1;
		s1 = s;
	}
	return s1 * s1 + s2 * s2 - c * s1 * s2;
}

static unsigned loudest(const double *samples, const double *hertz)
{
	unsigned best = 0;

	for (unsigned i = 1; i < 4; i++)
		if (power_at(samples, hertz[i]) > power_at(samples, hertz[best]))
			best = i;
	for (unsigned i = 0; i < 4; i++)
		CHECK(i == best ||
		      power_at(samples, hertz[i]) * 100 < power_at(samples, hertz[best]));
	return best;
}

static void each_key_sounds_like_itself(bool a_law)
{
	static const char keys[4][5] = { "123A", "456B", "789C", "*0#D" };
	double samples[OCTETS];
	uint8_t octets[OCTETS];

	for (uint8_t code = 0; code < DTMF_CODES; code++) {
		char digit = dtmf_digit(code);

		for (unsigned from = 0; from < OCTETS; from += 160)
			tone_digit(digit, from, a_law, octets + from, 160);
		for (unsigned i = 0; i < OCTETS; i++)
			samples[i] =
				a_law ? g711_alaw_decode(octets[i]) : g711_ulaw_decode(octets[i]);
		CHECK(keys[loudest(samples, low)][loudest(samples, high)] == digit);
	}
}

static void what_is_no_key_is_silence(void)
{
	uint8_t octets[2];

	tone_digit('w', 0, false, octets, 2);
	CHECK(octets[0] == 0xff && octets[1] == 0xff);
	tone_silence(true, octets, 2);
	CHECK(octets[0] == 0xd5 && octets[1] == 0xd5);
}

int main(void)
{
	each_key_sounds_like_itself(false);
	each_key_sounds_like_itself(true);
	what_is_no_key_is_silence();
	return 0;
}
