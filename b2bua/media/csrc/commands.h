/* What the control thread can ask of the worker.  Copied through a ring. */
#ifndef B2BUA_COMMANDS_H
#define B2BUA_COMMANDS_H

#include "stream.h"

enum command_kind {
	COMMAND_OPEN,
	COMMAND_AIM,
	COMMAND_LINK,
	COMMAND_UNLINK,
	COMMAND_PLAY,
	COMMAND_PRESS,
	COMMAND_QUIET,
	COMMAND_WATCH,
	COMMAND_TAP,
	COMMAND_CLOSE,
};

struct play {
	int64_t token;
	struct prompt *prompt;
	bool loop;
};

/* Lent: the worker gives the tap back when the stream has no more use for it. */
struct tapping {
	struct tap *tap; /* NULL: none */
	uint8_t channel;
};

struct press {
	int64_t token;
	char digits[VOICE_DIGITS_MOST + 1];
};

struct command {
	enum command_kind kind;
	uint32_t slot;
	union {
		struct opening opening;
		struct aim aim;
		uint32_t other; /* the slot to link with */
		struct play play;
		struct press press;
		uint64_t watch_ns; /* 0: stop watching */
		struct tapping tapping;
	} u;
};

#endif
