/* What the worker tells: small facts, copied through a ring. */
#ifndef B2BUA_NOTICE_H
#define B2BUA_NOTICE_H

#include <stdint.h>

enum notice_kind {
	NOTICE_FIRST_PACKET,
	NOTICE_PRESSED,
	NOTICE_PLAYED,
	NOTICE_SILENT,
};

struct notice {
	enum notice_kind kind;
	char digit;           /* of NOTICE_PRESSED */
	uint32_t duration_ms; /* of NOTICE_PRESSED */
	uint64_t stream;
	int64_t token; /* of NOTICE_PLAYED */
};

#endif
