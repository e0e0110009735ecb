#include "voice.h"

#include "dtmf.h"
#include "tone.h"

#include <string.h>

#define GRID_NS NS_PER_MS       /* streams that begin together are sent in one wake-up */
#define LATE_NS (2 * NS_PER_MS) /* so late an utterance may be and still join the old grid */
#define TICK_NS (NS_PER_SECOND / RTP_CLOCK_HZ)

enum {
	PRESS_FRAMES = 5, /* 100 ms */
	END_PACKETS = 3,  /* RFC 4733 section 2.5.1.4 */
	DIGIT_FRAMES = 2 * PRESS_FRAMES,
	SHORT_WAIT_FRAMES = 25,
	LONG_WAIT_FRAMES = 50,
	EVENT_VOLUME = 10, /* -dBm0 */
};

bool voice_can_press(const char *digits)
{
	size_t count = strlen(digits);

	return count <= VOICE_DIGITS_MOST && strspn(digits, "0123456789*#ABCDwW") == count;
}

static void begin(struct voice *voice, enum utterance utterance, int64_t token)
{
	voice->utters = utterance;
	voice->token = token;
	voice->marker = true;
}

void voice_play(struct voice *voice, int64_t token, struct prompt *prompt, bool loop)
{
	begin(voice, UTTERS_PROMPT, token);
	voice->prompt = prompt;
	voice->offset = 0;
	voice->loop = loop && prompt->size > 0;
}

void voice_press(struct voice *voice, int64_t token, const char *digits)
{
	begin(voice, UTTERS_DIGITS, token);
	memset(voice->digits, 0, sizeof voice->digits);
	strncpy(voice->digits, digits, VOICE_DIGITS_MOST);
	voice->digit = voice->frame = 0;
}

void voice_schedule(struct voice *voice, uint64_t now_ns)
{
	uint64_t due_ns = (now_ns + GRID_NS - 1) / GRID_NS * GRID_NS;

	voice->scheduled = true;
	if (voice->due_ns != 0 && voice->due_ns + LATE_NS >= now_ns)
		return;
	if (voice->due_ns != 0)
		voice->timestamp += (uint32_t)((due_ns - voice->due_ns) / TICK_NS);
	voice->due_ns = due_ns;
}

struct prompt *voice_end(struct voice *voice)
{
	struct prompt *prompt = voice->prompt;

	voice->utters = UTTERS_NOTHING;
	voice->prompt = NULL;
	voice->scheduled = false;
	return prompt;
}

bool voice_is_busy(const struct voice *voice)
{
	return voice->utters != UTTERS_NOTHING;
}

static size_t send_packet(struct voice *voice, uint8_t payload_type, uint32_t timestamp,
			  size_t payload_bytes, uint8_t *packet)
{
	const struct rtp_header header = {
		.marker = voice->marker,
		.payload_type = payload_type,
		.sequence = voice->sequence++,
		.timestamp = timestamp,
		.ssrc = voice->ssrc,
	};

	rtp_write(packet, &header);
	voice->marker = false;
	return RTP_HEADER_BYTES + payload_bytes;
}

static bool prompt_is_over(const struct voice *voice)
{
	return !voice->loop && voice->offset >= voice->prompt->size;
}

/* The last frame is filled up with silence; a loop goes on with its first octet. */
static size_t prompt_frame(struct voice *voice, const struct voice_format *format, uint8_t *packet)
{
	uint8_t *frame = packet + RTP_HEADER_BYTES;
	size_t filled = 0;

	while (filled < FRAME_OCTETS && !prompt_is_over(voice)) {
		size_t left = voice->prompt->size - voice->offset;
		size_t part = left < FRAME_OCTETS - filled ? left : FRAME_OCTETS - filled;

		memcpy(frame + filled, voice->prompt->octets + voice->offset, part);
		filled += part;
		voice->offset += part;
		if (voice->loop && voice->offset == voice->prompt->size)
			voice->offset = 0;
	}
	tone_silence(format->payload_type == PAYLOAD_TYPE_PCMA, frame + filled,
		     FRAME_OCTETS - filled);
	return send_packet(voice, format->payload_type, voice->timestamp, FRAME_OCTETS, packet);
}

static size_t tone_packet(struct voice *voice, const struct voice_format *format, char digit,
			  uint8_t *packet)
{
	uint8_t *frame = packet + RTP_HEADER_BYTES;
	bool a_law = format->payload_type == PAYLOAD_TYPE_PCMA;

	if (dtmf_code(digit) >= 0 && voice->frame < PRESS_FRAMES)
		tone_digit(digit, voice->frame * FRAME_OCTETS, a_law, frame, FRAME_OCTETS);
	else
		tone_silence(a_law, frame, FRAME_OCTETS);
	return send_packet(voice, format->payload_type, voice->timestamp, FRAME_OCTETS, packet);
}

/* Updates while the key is down, then the end three times in the gap behind it. */
static size_t event_packet(struct voice *voice, const struct voice_format *format, char digit,
			   uint8_t *packet)
{
	unsigned pressed = voice->frame < PRESS_FRAMES ? voice->frame + 1 : PRESS_FRAMES;
	const struct rtp_event event = {
		.code = (uint8_t)dtmf_code(digit),
		.end = voice->frame >= PRESS_FRAMES,
		.volume = EVENT_VOLUME,
		.duration = (uint16_t)(pressed * FRAME_OCTETS),
	};

	if (format->event_type < 0 || dtmf_code(digit) < 0 ||
	    voice->frame >= PRESS_FRAMES + END_PACKETS)
		return 0;
	if (voice->frame == 0) {
		voice->event_timestamp = voice->timestamp;
		voice->marker = true; /* section 2.5.1.2: the first packet of each event */
	}
	rtp_event_write(packet + RTP_HEADER_BYTES, &event);
	return send_packet(voice, (uint8_t)format->event_type, voice->event_timestamp,
			   RTP_EVENT_BYTES, packet);
}

static unsigned frames_of(char digit)
{
	if (digit == 'w')
		return SHORT_WAIT_FRAMES;
	return digit == 'W' ? LONG_WAIT_FRAMES : DIGIT_FRAMES;
}

static size_t digit_frame(struct voice *voice, const struct voice_format *format, uint8_t *packet)
{
	char digit = voice->digits[voice->digit];
	size_t size;

	if (voice->frame == 0)
		voice->in_band = format->event_type < 0;
	size = voice->in_band ? tone_packet(voice, format, digit, packet)
			      : event_packet(voice, format, digit, packet);
	if (++voice->frame == frames_of(digit)) {
		voice->frame = 0;
		voice->digit++;
	}
	return size;
}

static bool is_over(const struct voice *voice)
{
	if (voice->utters == UTTERS_PROMPT)
		return prompt_is_over(voice);
	return voice->utters == UTTERS_NOTHING || voice->digits[voice->digit] == '\0';
}

static void leave_out_what_was_missed(struct voice *voice, uint64_t now_ns)
{
	uint64_t missed = now_ns > voice->due_ns ? (now_ns - voice->due_ns) / FRAME_NS : 0;

	voice->due_ns += missed * FRAME_NS;
	voice->timestamp += (uint32_t)(missed * FRAME_OCTETS);
	voice->marker = voice->marker || missed > 0;
}

size_t voice_frame(struct voice *voice, const struct voice_format *format, uint64_t now_ns,
		   uint8_t packet[static VOICE_PACKET_BYTES], bool *over)
{
	size_t size;

	*over = is_over(voice);
	if (*over)
		return 0;
	leave_out_what_was_missed(voice, now_ns);
	size = voice->utters == UTTERS_PROMPT ? prompt_frame(voice, format, packet)
					      : digit_frame(voice, format, packet);
	voice->due_ns += FRAME_NS;
	voice->timestamp += FRAME_OCTETS;
	return size;
}
