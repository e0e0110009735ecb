/*
 * What a stream says by itself: prompts and DTMF, a packet each 20 ms, under its own SSRC.
 *
 * Sequence numbers and timestamps go on from one utterance to the next, and the timestamp keeps
 * the pace of the clock in between (RFC 3550 section 5.1).  Instants lie on a grid that begins
 * with the first packet: they do not drift.  Frames that a late wake-up has missed are left out
 * of the timestamps as silence is; they are never sent in a bunch.
 */
#ifndef B2BUA_VOICE_H
#define B2BUA_VOICE_H

#include "clock.h"
#include "rtp.h"

enum {
	VOICE_DIGITS_MOST = 64,
	VOICE_PACKET_BYTES = RTP_HEADER_BYTES + FRAME_OCTETS,
	VOICE_NO_EVENTS = -1,
	PAYLOAD_TYPE_PCMA = 8, /* RFC 3551 table 4 */
};

/* Made and freed by the control thread; lent to the worker while it plays. */
struct prompt {
	struct prompt *next; /* in the list of those given back */
	size_t size;
	uint8_t octets[];
};

enum utterance {
	UTTERS_NOTHING,
	UTTERS_PROMPT,
	UTTERS_DIGITS,
};

struct voice {
	uint32_t ssrc;
	uint16_t sequence;
	uint32_t timestamp; /* of the frame at `due_ns` */
	uint64_t due_ns; /* the grid: the next frame is, or would be, sent then; 0: no grid yet */
	bool scheduled;  /* a frame will be taken at `due_ns`; false: it waits for an aim */
	bool marker;     /* the next packet begins an utterance */

	enum utterance utters;
	int64_t token;
	struct prompt *prompt;
	size_t offset; /* in the prompt, octets */
	bool loop;
	char digits[VOICE_DIGITS_MOST + 1];
	unsigned digit; /* place in `digits` */
	unsigned frame; /* of that digit */
	bool in_band;   /* that digit is a tone in the audio */
	uint32_t event_timestamp;
};

/* What the other side has negotiated: `event_type` may be VOICE_NO_EVENTS. */
struct voice_format {
	uint8_t payload_type;
	int event_type;
};

/* Say whether `digits` can be pressed: 0-9, A-D, *, #, w (waits 0.5 s), W (1 s), not too many. */
bool voice_can_press(const char *digits);

/* Begin an utterance.  What was said before must have been ended. */
void voice_play(struct voice *voice, int64_t token, struct prompt *prompt, bool loop);
void voice_press(struct voice *voice, int64_t token, const char *digits);

/* Set when the utterance's first frame is due: on the old grid if that still lies ahead. */
void voice_schedule(struct voice *voice, uint64_t now_ns);

/* Stop; returns the prompt to be given back, or NULL. */
struct prompt *voice_end(struct voice *voice);

bool voice_is_busy(const struct voice *voice);

/*
 * Take the frame that is due and move on to the next.  Returns its bytes in `packet`, or 0 if
 * nothing is to be sent for it.  `over` says that all has been said, 20 ms after the last frame.
 */
size_t voice_frame(struct voice *voice, const struct voice_format *format, uint64_t now_ns,
		   uint8_t packet[static VOICE_PACKET_BYTES], bool *over);

#endif
