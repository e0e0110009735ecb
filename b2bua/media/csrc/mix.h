/* Two voices in one. */
#ifndef B2BUA_MIX_H
#define B2BUA_MIX_H

#include <stddef.h>
#include <stdint.h>

/* Add samples; what is too loud for 16 bits is clipped. */
void mix_add(const int16_t *a, const int16_t *b, size_t count, int16_t *sum);

#endif
