/* What the C tests share: claims, and memory that ends where the input ends. */
#ifndef B2BUA_CHECK_H
#define B2BUA_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHECK(claim)                                                                               \
	do {                                                                                       \
		if (!(claim)) {                                                                    \
			fprintf(stderr, "%s:%d: %s: not %s\n", __FILE__, __LINE__, __func__,       \
				#claim);                                                           \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

enum { GUARDED_BYTES = 4096 };

/* Copy bytes so that the last one touches an unmapped page: one byte too far is a crash. */
static inline uint8_t *flush_right(const void *bytes, size_t size)
{
	static uint8_t *map;
	uint8_t *copy;

	if (map == NULL) {
		size_t page = (size_t)sysconf(_SC_PAGESIZE);

		map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			   0);
		CHECK(map != MAP_FAILED && mprotect(map + page, page, PROT_NONE) == 0);
		map += page;
	}
	CHECK(size <= GUARDED_BYTES);
	copy = map - size;
	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

#endif
