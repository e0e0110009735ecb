/*
 * Telephone-events heard (RFC 4733 section 2.5.2): many packets become one press.
 *
 * A press is known by its timestamp.  It is told once, at its first end packet, or when a later
 * event begins, or when nothing has come for DTMF_GAP_NS (all end packets were lost), or when it
 * is DTMF_LONGEST_MS old.  The marker bit is not looked at: it is often missing.
 */
#ifndef B2BUA_DTMF_H
#define B2BUA_DTMF_H

#include "clock.h"
#include "rtp.h"

enum {
	DTMF_CODES = 16, /* 0-9, *, #, A-D; flash and tones (RFC 4734) are no keys */
	DTMF_LONGEST_MS = 8000,
	DTMF_PER_SECOND = 20,
	DTMF_PRESSES_MOST = 2, /* one packet can end one press and be all of another */
};

#define DTMF_GAP_NS (200 * NS_PER_MS)
#define DTMF_NO_DIGIT '\0'

struct dtmf_press {
	char digit;
	uint32_t duration_ms;
};

struct dtmf {
	bool known; /* an event has been heard, and the rest is about the last one */
	bool told;
	uint8_t code;
	uint32_t ssrc;
	uint32_t timestamp;
	uint32_t earlier;  /* ticks of the segments before this one (section 2.5.1.3) */
	uint32_t duration; /* ticks of this segment */
	uint64_t begun_ns;
	uint64_t heard_ns;
	bool keeps; /* a press has been kept, and the next two are about it */
	uint32_t kept_ssrc;
	uint32_t kept_timestamp;
	uint64_t told_ns[DTMF_PER_SECOND]; /* when the last presses were told, round and round */
	unsigned told_next;
};

/* The key of an event code, or DTMF_NO_DIGIT; and the code of a key, or -1. */
char dtmf_digit(uint8_t code);
int dtmf_code(char digit);

/* Hear one packet; returns how many of `presses` it completed. */
unsigned dtmf_hear(struct dtmf *dtmf, const struct rtp_header *header,
		   const struct rtp_event *event, uint64_t now_ns,
		   struct dtmf_press presses[static DTMF_PRESSES_MOST]);

/*
 * Keep the last press, which was not meant for the peer that listens from now on: what still
 * comes of it (packets of a key held down, end packets sent again) is not for that peer either.
 */
void dtmf_keep(struct dtmf *dtmf);

/* Whether a packet belongs to a kept press, or to one before it. */
bool dtmf_is_kept(const struct dtmf *dtmf, const struct rtp_header *header);

/* When the press that goes on is given up, or 0: none goes on. */
uint64_t dtmf_due(const struct dtmf *dtmf);

/* Complete a press that is due; false: none is. */
bool dtmf_expire(struct dtmf *dtmf, uint64_t now_ns, struct dtmf_press *press);

#endif
