#include "tone.h"

#include <string.h>

enum {
	SILENCE_PCMU = 0xff,
	SILENCE_PCMA = 0xd5,
};

void tone_digit(char digit, unsigned from, bool a_law, uint8_t *octets, size_t count)
{
	(void)digit;
	(void)from;
	tone_silence(a_law, octets, count);
}

void tone_silence(bool a_law, uint8_t *octets, size_t count)
{
	memset(octets, a_law ? SILENCE_PCMA : SILENCE_PCMU, count);
}
