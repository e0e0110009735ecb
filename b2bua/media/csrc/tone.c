#include "tone.h"

#include "dtmf.h"
#include "g711.h"

#include <math.h>
#include <string.h>

enum {
	SILENCE_PCMU = 0xff,
	SILENCE_PCMA = 0xd5,
	/* Peaks of -9 and -7 dBm0, where 0 dBm0 is 3.17 dB below full scale (ITU-T G.711). */
	LOW_PEAK = 7900,
	HIGH_PEAK = 9950,
};

/* Hertz (ITU-T Q.23), by event code. */
static const struct {
	double low;
	double high;
} tones[DTMF_CODES] = {
	{ 941, 1336 }, { 697, 1209 }, { 697, 1336 }, { 697, 1477 }, /* 0 1 2 3 */
	{ 770, 1209 }, { 770, 1336 }, { 770, 1477 }, { 852, 1209 }, /* 4 5 6 7 */
	{ 852, 1336 }, { 852, 1477 }, { 941, 1209 }, { 941, 1477 }, /* 8 9 * # */
	{ 697, 1633 }, { 770, 1633 }, { 852, 1633 }, { 941, 1633 }, /* A B C D */
};

static int16_t sample(int code, unsigned at)
{
	const double radians = 2 * 3.14159265358979323846 * at / RTP_CLOCK_HZ;

	return (int16_t)(LOW_PEAK * sin(radians * tones[code].low) +
			 HIGH_PEAK * sin(radians * tones[code].high));
}

void tone_digit(char digit, unsigned from, bool a_law, uint8_t *octets, size_t count)
{
	int code = dtmf_code(digit);

	if (code < 0) {
		tone_silence(a_law, octets, count);
		return;
	}
	for (unsigned i = 0; i < count; i++)
		octets[i] = a_law ? g711_alaw_encode(sample(code, from + i))
				  : g711_ulaw_encode(sample(code, from + i));
}

void tone_silence(bool a_law, uint8_t *octets, size_t count)
{
	memset(octets, a_law ? SILENCE_PCMA : SILENCE_PCMU, count);
}
