/* DTMF as sound (ITU-T Q.23), and silence, in G.711 octets at 8,000 a second. */
#ifndef B2BUA_TONE_H
#define B2BUA_TONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Write `count` octets of the tone of a key, from `from` octets after its beginning. */
void tone_digit(char digit, unsigned from, bool a_law, uint8_t *octets, size_t count);

void tone_silence(bool a_law, uint8_t *octets, size_t count);

#endif
