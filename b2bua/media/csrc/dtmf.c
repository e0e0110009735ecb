#include "dtmf.h"

#include <string.h>

/* RFC 4733 section 3.2, table 3: the code is the place. */
static const char digits[] = "0123456789*#ABCD";

enum {
	TICKS_PER_MS = RTP_CLOCK_HZ / 1000,
	LONGEST_TICKS = DTMF_LONGEST_MS * TICKS_PER_MS,
	/* Packets of an older event may come this late; a step further back is a new start. */
	LATE_TICKS = 2 * LONGEST_TICKS,
};

char dtmf_digit(uint8_t code)
{
	return code < DTMF_CODES ? digits[code] : DTMF_NO_DIGIT;
}

int dtmf_code(char digit)
{
	const char *found = digit == DTMF_NO_DIGIT ? NULL : strchr(digits, digit);

	return found == NULL ? -1 : (int)(found - digits);
}

static bool is_pressed(const struct dtmf *dtmf)
{
	return dtmf->known && !dtmf->told;
}

/* Mark the press told; false: the limit of presses a second forbids to tell it. */
static bool tell(struct dtmf *dtmf, uint64_t now_ns, struct dtmf_press *press)
{
	uint64_t oldest_ns = dtmf->told_ns[dtmf->told_next];
	uint32_t ticks = dtmf->earlier + dtmf->duration;

	dtmf->told = true;
	if (oldest_ns != 0 && now_ns - oldest_ns < NS_PER_SECOND)
		return false;
	dtmf->told_ns[dtmf->told_next] = now_ns;
	dtmf->told_next = (dtmf->told_next + 1) % DTMF_PER_SECOND;
	press->digit = dtmf_digit(dtmf->code);
	press->duration_ms = (ticks < LONGEST_TICKS ? ticks : LONGEST_TICKS) / TICKS_PER_MS;
	return true;
}

static bool is_late(const struct dtmf *dtmf, const struct rtp_header *header)
{
	uint32_t behind = dtmf->timestamp - header->timestamp;

	return dtmf->known && dtmf->ssrc == header->ssrc && behind != 0 && behind <= LATE_TICKS;
}

static bool is_same_press(const struct dtmf *dtmf, const struct rtp_header *header)
{
	return dtmf->known && dtmf->ssrc == header->ssrc && dtmf->timestamp == header->timestamp;
}

/* RFC 4733 section 2.5.1.3: an event too long for its duration field goes on under a new one. */
static bool is_next_segment(const struct dtmf *dtmf, const struct rtp_header *header,
			    const struct rtp_event *event)
{
	return dtmf->known && dtmf->ssrc == header->ssrc && dtmf->code == event->code &&
	       dtmf->duration == UINT16_MAX &&
	       dtmf->timestamp + dtmf->duration == header->timestamp;
}

static void begin(struct dtmf *dtmf, const struct rtp_header *header, const struct rtp_event *event,
		  uint64_t now_ns)
{
	dtmf->known = true;
	dtmf->told = false;
	dtmf->code = event->code;
	dtmf->ssrc = header->ssrc;
	dtmf->timestamp = header->timestamp;
	dtmf->earlier = dtmf->duration = 0;
	dtmf->begun_ns = now_ns;
}

static bool is_long(const struct dtmf *dtmf, uint64_t now_ns)
{
	return dtmf->earlier + dtmf->duration >= LONGEST_TICKS ||
	       now_ns - dtmf->begun_ns >= DTMF_LONGEST_MS * NS_PER_MS;
}

/* Go on with the same press under its next timestamp; a kept one stays kept. */
static void begin_segment(struct dtmf *dtmf, const struct rtp_header *header)
{
	if (dtmf_is_kept(dtmf,
			 &(struct rtp_header){ .ssrc = dtmf->ssrc, .timestamp = dtmf->timestamp }))
		dtmf->kept_timestamp = header->timestamp;
	dtmf->earlier += dtmf->duration;
	dtmf->timestamp = header->timestamp;
	dtmf->duration = 0;
}

unsigned dtmf_hear(struct dtmf *dtmf, const struct rtp_header *header,
		   const struct rtp_event *event, uint64_t now_ns,
		   struct dtmf_press presses[static DTMF_PRESSES_MOST])
{
	unsigned count = 0;

	if (dtmf_digit(event->code) == DTMF_NO_DIGIT || is_late(dtmf, header))
		return 0;
	if (is_next_segment(dtmf, header, event)) {
		begin_segment(dtmf, header);
	} else if (!is_same_press(dtmf, header)) {
		if (is_pressed(dtmf) && tell(dtmf, now_ns, &presses[count]))
			count++;
		begin(dtmf, header, event, now_ns);
	}
	dtmf->heard_ns = now_ns;
	if (event->duration > dtmf->duration)
		dtmf->duration = event->duration;
	if (!dtmf->told && (event->end || is_long(dtmf, now_ns)) &&
	    tell(dtmf, now_ns, &presses[count]))
		count++;
	return count;
}

void dtmf_keep(struct dtmf *dtmf)
{
	dtmf->keeps = dtmf->known;
	dtmf->kept_ssrc = dtmf->ssrc;
	dtmf->kept_timestamp = dtmf->timestamp;
}

bool dtmf_is_kept(const struct dtmf *dtmf, const struct rtp_header *header)
{
	return dtmf->keeps && dtmf->kept_ssrc == header->ssrc &&
	       dtmf->kept_timestamp - header->timestamp <= LATE_TICKS;
}

uint64_t dtmf_due(const struct dtmf *dtmf)
{
	return is_pressed(dtmf) ? dtmf->heard_ns + DTMF_GAP_NS : 0;
}

bool dtmf_expire(struct dtmf *dtmf, uint64_t now_ns, struct dtmf_press *press)
{
	return is_pressed(dtmf) && now_ns >= dtmf_due(dtmf) && tell(dtmf, now_ns, press);
}
