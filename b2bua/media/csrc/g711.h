/* G.711 (ITU-T): 16-bit linear samples to octets of mu-law (PCMU) or A-law (PCMA), and back. */
#ifndef B2BUA_G711_H
#define B2BUA_G711_H

#include <stddef.h>
#include <stdint.h>

uint8_t g711_ulaw_encode(int16_t sample);
uint8_t g711_alaw_encode(int16_t sample);
int16_t g711_ulaw_decode(uint8_t octet);
int16_t g711_alaw_decode(uint8_t octet);

void g711_ulaw_encode_all(const int16_t *samples, size_t count, uint8_t *octets);
void g711_alaw_encode_all(const int16_t *samples, size_t count, uint8_t *octets);
void g711_ulaw_decode_all(const uint8_t *octets, size_t count, int16_t *samples);
void g711_alaw_decode_all(const uint8_t *octets, size_t count, int16_t *samples);

#endif
