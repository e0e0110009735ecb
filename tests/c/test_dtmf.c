/* Many packets, one press.  Times are in milliseconds from an instant of no meaning. */
#include "check.h"
#include "dtmf.h"

#define START_MS UINT64_C(1000000)

static struct dtmf_press told[64];
static unsigned told_count;

static void tell(struct dtmf *dtmf, uint8_t code, uint32_t timestamp, uint16_t duration, bool end,
		 uint64_t ms)
{
	const struct rtp_header header = { .timestamp = timestamp, .ssrc = 1 };
	const struct rtp_event event = { .code = code, .end = end, .duration = duration };
	struct dtmf_press presses[DTMF_PRESSES_MOST];
	unsigned count = dtmf_hear(dtmf, &header, &event, (START_MS + ms) * NS_PER_MS, presses);

	for (unsigned i = 0; i < count; i++)
		told[told_count++ % 64] = presses[i];
}

static struct dtmf fresh(void)
{
	told_count = 0;
	return (struct dtmf){ 0 };
}

static bool expires(struct dtmf *dtmf, uint64_t ms)
{
	struct dtmf_press press;

	if (!dtmf_expire(dtmf, (START_MS + ms) * NS_PER_MS, &press))
		return false;
	told[told_count++ % 64] = press;
	return true;
}

static void a_press_is_told_once_at_its_first_end_packet(void)
{
	struct dtmf dtmf = fresh();

	for (uint16_t i = 1; i <= 5; i++)
		tell(&dtmf, 11, 8000, (uint16_t)(160 * i), false, i * 20u);
	CHECK(told_count == 0);
	for (unsigned i = 0; i < 3; i++)
		tell(&dtmf, 11, 8000, 800, true, 120 + i * 20);
	CHECK(told_count == 1 && told[0].digit == '#' && told[0].duration_ms == 100);
	CHECK(dtmf_due(&dtmf) == 0);
}

static void the_last_end_packet_alone_is_enough(void)
{
	struct dtmf dtmf = fresh();

	tell(&dtmf, 5, 8000, 1600, true, 0);
	CHECK(told_count == 1 && told[0].digit == '5' && told[0].duration_ms == 200);
}

static void the_same_key_twice_is_two_presses(void)
{
	struct dtmf dtmf = fresh();

	tell(&dtmf, 5, 8000, 800, true, 0);
	tell(&dtmf, 5, 9600, 800, true, 200);
	CHECK(told_count == 2);
}

static void a_press_without_end_is_told_when_nothing_more_comes(void)
{
	struct dtmf dtmf = fresh();

	tell(&dtmf, 0, 8000, 160, false, 0);
	tell(&dtmf, 0, 8000, 480, false, 40);
	CHECK(!expires(&dtmf, 239));
	CHECK(expires(&dtmf, 240));
	CHECK(told_count == 1 && told[0].digit == '0' && told[0].duration_ms == 60);
	CHECK(!expires(&dtmf, 1000));
	tell(&dtmf, 0, 8000, 800, true, 300);
	CHECK(told_count == 1);
}

static void a_press_without_end_is_told_when_the_next_begins(void)
{
	struct dtmf dtmf = fresh();

	tell(&dtmf, 1, 8000, 160, false, 0);
	tell(&dtmf, 2, 9600, 160, true, 100);
	CHECK(told_count == 2 && told[0].digit == '1' && told[1].digit == '2');
}

static void packets_of_an_older_press_that_come_late_tell_nothing(void)
{
	struct dtmf dtmf = fresh();

	tell(&dtmf, 1, 8000, 800, true, 0);
	tell(&dtmf, 2, 9600, 800, true, 200);
	tell(&dtmf, 1, 8000, 800, true, 210);
	CHECK(told_count == 2);
}

static void timestamps_may_wrap_and_start_anew(void)
{
	struct dtmf dtmf = fresh();

	tell(&dtmf, 1, UINT32_MAX - 10, 800, true, 0);
	tell(&dtmf, 2, 1590, 800, true, 200);
	tell(&dtmf, 3, 1590u - 10u * 8000u * 60u, 800, true, 400);
	CHECK(told_count == 3);
}

static void a_long_press_is_told_after_eight_seconds_and_no_more(void)
{
	struct dtmf dtmf = fresh();
	uint32_t ticks = 0, timestamp = 0;

	for (uint64_t ms = 20; ms <= 20000; ms += 20) {
		ticks += 160;
		if (ticks > UINT16_MAX) { /* RFC 4733 section 2.5.1.3 */
			tell(&dtmf, 7, timestamp, UINT16_MAX, false, ms);
			timestamp += UINT16_MAX;
			ticks -= UINT16_MAX;
		}
		tell(&dtmf, 7, timestamp, (uint16_t)ticks, false, ms);
		CHECK(told_count == (ms >= DTMF_LONGEST_MS ? 1 : 0));
	}
	tell(&dtmf, 7, timestamp, (uint16_t)ticks, true, 20020);
	CHECK(told_count == 1 && told[0].duration_ms == DTMF_LONGEST_MS);
}

static void a_press_whose_duration_stands_still_ends_by_the_clock(void)
{
	struct dtmf dtmf = fresh();

	for (uint64_t ms = 0; ms < 8000; ms += 100)
		tell(&dtmf, 7, 1, 160, false, ms);
	CHECK(told_count == 0);
	tell(&dtmf, 7, 1, 160, false, 8000);
	CHECK(told_count == 1);
}

static void the_twenty_first_digit_of_a_second_is_not_told(void)
{
	struct dtmf dtmf = fresh();

	for (uint32_t i = 0; i < 21; i++)
		tell(&dtmf, 1, i * 8000, 160, true, i * 10);
	CHECK(told_count == 20);
	tell(&dtmf, 1, 22 * 8000, 160, true, 999);
	CHECK(told_count == 20);
	tell(&dtmf, 1, 23 * 8000, 160, true, 1000);
	CHECK(told_count == 21);
}

static void events_that_are_no_keys_are_not_told(void)
{
	struct dtmf dtmf = fresh();

	for (unsigned code = DTMF_CODES; code < 256; code++)
		tell(&dtmf, (uint8_t)code, code * 8000, 160, true, code * 100);
	CHECK(told_count == 0);
	for (uint8_t code = 0; code < DTMF_CODES; code++)
		CHECK(dtmf_code(dtmf_digit(code)) == code);
	CHECK(dtmf_code('\0') == -1 && dtmf_code('E') == -1);
}

static bool is_kept(const struct dtmf *dtmf, uint32_t ssrc, uint32_t timestamp)
{
	const struct rtp_header header = { .timestamp = timestamp, .ssrc = ssrc };

	return dtmf_is_kept(dtmf, &header);
}

static void a_kept_press_is_kept_to_its_last_segment(void)
{
	struct dtmf dtmf = fresh();

	dtmf_keep(&dtmf);
	CHECK(!is_kept(&dtmf, 1, 0) && !is_kept(&dtmf, 0, 0));
	tell(&dtmf, 5, 8000, UINT16_MAX, false, 0);
	CHECK(!is_kept(&dtmf, 1, 8000));
	dtmf_keep(&dtmf);
	CHECK(is_kept(&dtmf, 1, 8000) && !is_kept(&dtmf, 2, 8000));
	tell(&dtmf, 5, 8000 + UINT16_MAX, 160, false, 20);
	CHECK(is_kept(&dtmf, 1, 8000) && is_kept(&dtmf, 1, 8000 + UINT16_MAX));
	tell(&dtmf, 5, 200000, UINT16_MAX, false, 9000);
	CHECK(!is_kept(&dtmf, 1, 200000) && is_kept(&dtmf, 1, 8000));
	tell(&dtmf, 5, 200000 + UINT16_MAX, 160, false, 9020);
	CHECK(!is_kept(&dtmf, 1, 200000 + UINT16_MAX));
}

int main(void)
{
	a_press_is_told_once_at_its_first_end_packet();
	the_last_end_packet_alone_is_enough();
	the_same_key_twice_is_two_presses();
	a_press_without_end_is_told_when_nothing_more_comes();
	a_press_without_end_is_told_when_the_next_begins();
	packets_of_an_older_press_that_come_late_tell_nothing();
	timestamps_may_wrap_and_start_anew();
	a_long_press_is_told_after_eight_seconds_and_no_more();
	a_press_whose_duration_stands_still_ends_by_the_clock();
	the_twenty_first_digit_of_a_second_is_not_told();
	events_that_are_no_keys_are_not_told();
	a_kept_press_is_kept_to_its_last_segment();
	return 0;
}
