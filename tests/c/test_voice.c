/* What a stream says by itself, frame by frame, under a clock that the test moves. */
#include "check.h"
#include "dtmf.h"
#include "voice.h"

#define START_NS (5000 * NS_PER_MS)

static const struct voice_format ulaw = { .payload_type = 0, .event_type = 101 };
static const struct voice_format ulaw_alone = { .payload_type = 0, .event_type = VOICE_NO_EVENTS };
static const struct voice_format alaw_alone = { .payload_type = 8, .event_type = VOICE_NO_EVENTS };

static struct prompt *prompt_of(size_t size)
{
	struct prompt *prompt = malloc(sizeof *prompt + size);

	CHECK(prompt != NULL);
	prompt->size = size;
	for (size_t i = 0; i < size; i++)
		prompt->octets[i] = (uint8_t)(i % 251);
	return prompt;
}

static struct voice fresh(void)
{
	return (struct voice){ .ssrc = 7, .sequence = 65535, .timestamp = UINT32_MAX - 100 };
}

struct sent {
	size_t size;
	bool over;
	uint8_t bytes[VOICE_PACKET_BYTES];
	struct rtp_header header;
};

static struct sent next(struct voice *voice, const struct voice_format *format, uint64_t now_ns)
{
	struct sent sent = { 0 };

	sent.size = voice_frame(voice, format, now_ns, sent.bytes, &sent.over);
	if (sent.size > 0)
		CHECK(rtp_read(sent.bytes, sent.size, &sent.header));
	return sent;
}

static void a_prompt_is_sent_in_frames_and_its_end_filled_with_silence(void)
{
	struct voice voice = fresh();
	struct prompt *prompt = prompt_of(400);
	struct sent sent;

	voice_play(&voice, 1, prompt, false);
	voice_schedule(&voice, START_NS);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(voice.due_ns == START_NS + i * FRAME_NS);
		sent = next(&voice, &ulaw, voice.due_ns);
		CHECK(sent.size == 172 && !sent.over && sent.header.marker == (i == 0));
		CHECK(sent.header.sequence == (uint16_t)(65535 + i) && sent.header.ssrc == 7);
		CHECK(sent.header.timestamp == UINT32_MAX - 100 + i * 160);
		CHECK(memcmp(sent.bytes + 12, prompt->octets + i * 160, i < 2 ? 160 : 80) == 0);
	}
	CHECK(sent.bytes[12 + 80] == 0xff && sent.bytes[171] == 0xff);
	CHECK(next(&voice, &ulaw, voice.due_ns).over);
	CHECK(voice_end(&voice) == prompt && !voice_is_busy(&voice));
	free(prompt);
}

static void an_empty_prompt_is_over_at_once(void)
{
	struct voice voice = fresh();
	struct prompt *prompt = prompt_of(0);

	voice_play(&voice, 1, prompt, true);
	voice_schedule(&voice, START_NS);
	CHECK(next(&voice, &ulaw, START_NS).over);
	free(voice_end(&voice));
}

static void a_loop_has_no_seam(void)
{
	struct voice voice = fresh();
	struct prompt *prompt = prompt_of(250);
	size_t at = 0;

	voice_play(&voice, 1, prompt, true);
	voice_schedule(&voice, START_NS);
	for (unsigned i = 0; i < 50; i++) {
		struct sent sent = next(&voice, &ulaw, voice.due_ns);

		for (size_t k = 12; k < 172; k++)
			CHECK(sent.bytes[k] == prompt->octets[at++ % 250]);
	}
	free(voice_end(&voice));
}

static void a_late_wake_up_does_not_move_the_grid(void)
{
	struct voice voice = fresh();
	struct prompt *prompt = prompt_of(1600);

	voice_play(&voice, 1, prompt, false);
	voice_schedule(&voice, START_NS);
	(void)next(&voice, &ulaw, START_NS + 15 * NS_PER_MS);
	CHECK(voice.due_ns == START_NS + FRAME_NS);
	free(voice_end(&voice));
}

static void frames_missed_are_left_out_as_silence_and_never_bunched(void)
{
	struct voice voice = fresh();
	struct prompt *prompt = prompt_of(1600);
	uint32_t first;
	struct sent sent;

	voice_play(&voice, 1, prompt, false);
	voice_schedule(&voice, START_NS);
	first = next(&voice, &ulaw, START_NS).header.timestamp;
	sent = next(&voice, &ulaw, START_NS + 105 * NS_PER_MS);
	CHECK(sent.header.timestamp == first + 5 * 160 && sent.header.marker);
	CHECK(sent.header.sequence == 0);
	CHECK(memcmp(sent.bytes + 12, prompt->octets + 160, 160) == 0);
	CHECK(voice.due_ns == START_NS + 6 * FRAME_NS);
	free(voice_end(&voice));
}

static void a_prompt_behind_another_keeps_its_pace(void)
{
	struct voice voice = fresh();
	struct sent sent;
	uint64_t end_ns;

	voice_play(&voice, 1, prompt_of(160), false);
	voice_schedule(&voice, START_NS);
	sent = next(&voice, &ulaw, START_NS);
	end_ns = voice.due_ns;
	CHECK(end_ns == START_NS + FRAME_NS && next(&voice, &ulaw, end_ns).over);
	free(voice_end(&voice));
	voice_play(&voice, 2, prompt_of(160), false);
	voice_schedule(&voice, end_ns + NS_PER_MS);
	CHECK(voice.due_ns == end_ns);
	CHECK(next(&voice, &ulaw, end_ns + NS_PER_MS).header.timestamp ==
	      sent.header.timestamp + 160);
	free(voice_end(&voice));
}

static void the_timestamp_keeps_the_pace_of_the_clock_in_a_pause(void)
{
	struct voice voice = fresh();
	struct sent before, after;

	voice_play(&voice, 1, prompt_of(160), false);
	voice_schedule(&voice, START_NS);
	before = next(&voice, &ulaw, START_NS);
	free(voice_end(&voice));
	voice_play(&voice, 2, prompt_of(160), false);
	voice_schedule(&voice, START_NS + 10 * NS_PER_SECOND - 1);
	after = next(&voice, &ulaw, voice.due_ns);
	CHECK(after.header.timestamp == before.header.timestamp + 10 * RTP_CLOCK_HZ);
	CHECK(after.header.sequence == (uint16_t)(before.header.sequence + 1));
	CHECK(after.header.marker);
	free(voice_end(&voice));
}

static void a_digit_is_five_updates_and_three_ends(void)
{
	struct voice voice = fresh();
	struct rtp_event event;

	voice_press(&voice, 1, "#");
	voice_schedule(&voice, START_NS);
	for (unsigned i = 0; i < 10; i++) {
		struct sent sent = next(&voice, &ulaw, voice.due_ns);

		CHECK(!sent.over && (sent.size == 0) == (i >= 8));
		if (sent.size == 0)
			continue;
		CHECK(rtp_event_read(sent.bytes, sent.size, &sent.header, &event));
		CHECK(sent.size == 16 && sent.header.payload_type == 101);
		CHECK(sent.header.marker == (i == 0) && event.end == (i >= 5));
		CHECK(sent.header.timestamp == UINT32_MAX - 100 && event.code == 11);
		CHECK(sent.header.sequence == (uint16_t)(65535 + i));
		CHECK(event.duration == (i < 5 ? (i + 1) * 160 : 800));
	}
	CHECK(next(&voice, &ulaw, voice.due_ns).over);
}

static void what_is_pressed_is_heard_as_it_was_pressed(void)
{
	const char *digits = "0123456789*#ABCD1w1W1";
	struct voice voice = fresh();
	struct dtmf dtmf = { 0 };
	char heard[64] = "";
	unsigned frames = 0;

	voice_press(&voice, 1, digits);
	voice_schedule(&voice, START_NS);
	for (;; frames++) {
		struct dtmf_press presses[DTMF_PRESSES_MOST];
		struct sent sent = next(&voice, &ulaw, voice.due_ns);
		struct rtp_event event;
		unsigned count;

		if (sent.over)
			break;
		if (sent.size == 0)
			continue;
		CHECK(rtp_event_read(sent.bytes, sent.size, &sent.header, &event));
		count = dtmf_hear(&dtmf, &sent.header, &event, voice.due_ns, presses);
		for (unsigned i = 0; i < count; i++) {
			CHECK(presses[i].duration_ms == 100);
			strncat(heard, &presses[i].digit, 1);
		}
	}
	CHECK(strcmp(heard, "0123456789*#ABCD111") == 0);
	CHECK(frames == 19 * 10 + 25 + 50);
}

static void without_events_digits_are_tones_and_gaps(void)
{
	struct voice voice = fresh();

	voice_press(&voice, 1, "5w");
	voice_schedule(&voice, START_NS);
	for (unsigned i = 0; i < 35; i++) {
		struct sent sent = next(&voice, &ulaw_alone, voice.due_ns);
		uint8_t silence[160];

		memset(silence, 0xff, sizeof silence);
		CHECK(sent.size == 172 && sent.header.payload_type == 0);
		CHECK((memcmp(sent.bytes + 12, silence, 160) == 0) == (i >= 5));
	}
	CHECK(next(&voice, &ulaw_alone, voice.due_ns).over);
	voice_press(&voice, 1, "w");
	CHECK(next(&voice, &alaw_alone, voice.due_ns).bytes[12] == 0xd5);
}

static void events_that_are_no_longer_negotiated_are_not_sent(void)
{
	struct voice voice = fresh();

	voice_press(&voice, 1, "5");
	voice_schedule(&voice, START_NS);
	CHECK(next(&voice, &ulaw, voice.due_ns).size == 16);
	for (unsigned i = 1; i < 10; i++)
		CHECK(next(&voice, &ulaw_alone, voice.due_ns).size == 0);
	CHECK(next(&voice, &ulaw_alone, voice.due_ns).over);
}

static void only_keys_and_waits_can_be_pressed(void)
{
	char many[VOICE_DIGITS_MOST + 2];

	CHECK(voice_can_press("") && voice_can_press("0123456789*#ABCDwW"));
	CHECK(!voice_can_press("a") && !voice_can_press("1 2") && !voice_can_press(","));
	memset(many, '1', sizeof many);
	many[VOICE_DIGITS_MOST + 1] = '\0';
	CHECK(!voice_can_press(many));
	many[VOICE_DIGITS_MOST] = '\0';
	CHECK(voice_can_press(many));
}

int main(void)
{
	a_prompt_is_sent_in_frames_and_its_end_filled_with_silence();
	an_empty_prompt_is_over_at_once();
	a_loop_has_no_seam();
	a_late_wake_up_does_not_move_the_grid();
	frames_missed_are_left_out_as_silence_and_never_bunched();
	a_prompt_behind_another_keeps_its_pace();
	the_timestamp_keeps_the_pace_of_the_clock_in_a_pause();
	a_digit_is_five_updates_and_three_ends();
	what_is_pressed_is_heard_as_it_was_pressed();
	without_events_digits_are_tones_and_gaps();
	events_that_are_no_longer_negotiated_are_not_sent();
	only_keys_and_waits_can_be_pressed();
	return 0;
}
