/* Where packets may come from: limits.md's rules, one claim each. */
#include "check.h"
#include "source.h"

static struct address at(const char *host, uint16_t port)
{
	struct address address;

	CHECK(address_read(host, port, &address));
	return address;
}

static struct source aimed(bool nat)
{
	const struct address rtp = at("192.0.2.1", 4000), rtcp = at("192.0.2.1", 4001);
	struct source source;

	source_aim(&source, &rtp, &rtcp, nat);
	return source;
}

static bool hears(struct source *source, const char *host, uint16_t port, uint32_t ssrc,
		  uint16_t sequence)
{
	const struct address from = at(host, port);
	const struct rtp_header header = { .ssrc = ssrc, .sequence = sequence };

	return source_accepts(source, &from, &header);
}

static bool sends_to(const struct source *source, const char *host, uint16_t port)
{
	const struct address to = at(host, port);

	return address_same(&source->remote, &to);
}

static void without_nat_only_the_signalled_address_is_heard(void)
{
	struct source source = aimed(false);

	for (uint16_t i = 0; i < 10; i++) {
		CHECK(!hears(&source, "192.0.2.1", 4002, 1, i));
		CHECK(!hears(&source, "192.0.2.2", 4000, 1, i));
	}
	CHECK(hears(&source, "192.0.2.1", 4000, 2, 1));
	CHECK(sends_to(&source, "192.0.2.1", 4000));
}

static void the_fourth_packet_in_order_moves_it(void)
{
	struct source source = aimed(true);

	CHECK(!hears(&source, "203.0.113.9", 9, 1, 65534));
	CHECK(!hears(&source, "203.0.113.9", 9, 1, 65535));
	CHECK(!hears(&source, "203.0.113.9", 9, 1, 0));
	CHECK(sends_to(&source, "192.0.2.1", 4000));
	CHECK(hears(&source, "203.0.113.9", 9, 1, 1));
	CHECK(sends_to(&source, "203.0.113.9", 9));
	CHECK(hears(&source, "203.0.113.9", 9, 7, 99));
}

static void a_gap_or_another_ssrc_or_another_port_begins_anew(void)
{
	struct source source = aimed(true);

	for (uint16_t i = 0; i < 30; i = (uint16_t)(i + 2))
		CHECK(!hears(&source, "203.0.113.9", 9, 1, i));
	for (uint16_t i = 0; i < 30; i++)
		CHECK(!hears(&source, "203.0.113.9", 9, i / 3, i));
	for (uint16_t i = 0; i < 30; i++)
		CHECK(!hears(&source, "203.0.113.9", i / 3, 1, i));
	CHECK(sends_to(&source, "192.0.2.1", 4000));
}

static void another_payload_type_begins_anew(void)
{
	struct source source = aimed(true);
	const struct address from = at("203.0.113.9", 9);

	for (uint16_t i = 0; i < 30; i++) {
		const struct rtp_header header = { .sequence = i,
						   .payload_type = (uint8_t)(i / 3) };

		CHECK(!source_accepts(&source, &from, &header));
	}
}

static void once_moved_it_stays_until_aimed_anew(void)
{
	struct source source = aimed(true);

	for (uint16_t i = 0; i < 4; i++)
		(void)hears(&source, "203.0.113.9", 9, 1, i);
	for (uint16_t i = 0; i < 10; i++)
		CHECK(!hears(&source, "198.51.100.7", 7, 1, i));
	CHECK(sends_to(&source, "203.0.113.9", 9));
	source = aimed(true);
	CHECK(!hears(&source, "203.0.113.9", 9, 1, 4));
	CHECK(sends_to(&source, "192.0.2.1", 4000));
}

static void a_live_signalled_address_is_never_left(void)
{
	struct source source = aimed(true);

	CHECK(hears(&source, "192.0.2.1", 4000, 5, 5));
	for (uint16_t i = 0; i < 100; i++)
		CHECK(!hears(&source, "203.0.113.9", 9, 1, i));
	CHECK(sends_to(&source, "192.0.2.1", 4000));
}

static void the_signalled_address_takes_a_moved_stream_back(void)
{
	struct source source = aimed(true);

	for (uint16_t i = 0; i < 4; i++)
		(void)hears(&source, "203.0.113.9", 9, 1, i);
	CHECK(hears(&source, "192.0.2.1", 4000, 5, 5));
	CHECK(sends_to(&source, "192.0.2.1", 4000));
	for (uint16_t i = 4; i < 20; i++)
		CHECK(!hears(&source, "203.0.113.9", 9, 1, i));
}

static void a_stream_on_hold_hears_nobody(void)
{
	const struct address nowhere = at("0.0.0.0", 4000), none = address_none();
	struct source source;

	source_aim(&source, &nowhere, &none, true);
	for (uint16_t i = 0; i < 10; i++)
		CHECK(!hears(&source, "203.0.113.9", 9, 1, i));
	CHECK(!address_is_usable(&source.remote));
}

static bool hears_rtcp(struct source *source, const char *host, uint16_t port)
{
	const struct address from = at(host, port);

	return source_accepts_rtcp(source, &from);
}

static void rtcp_is_heard_from_the_signalled_address_alone(void)
{
	struct source source = aimed(true);

	CHECK(hears_rtcp(&source, "192.0.2.1", 4001));
	CHECK(!hears_rtcp(&source, "192.0.2.1", 4003));
	CHECK(!hears_rtcp(&source, "203.0.113.9", 10));
}

static void rtcp_follows_a_moved_stream_to_its_host(void)
{
	struct source source = aimed(true);

	for (uint16_t i = 0; i < 4; i++)
		(void)hears(&source, "203.0.113.9", 9, 1, i);
	CHECK(!address_is_usable(&source.rtcp_remote));
	CHECK(!hears_rtcp(&source, "198.51.100.7", 12));
	CHECK(!hears_rtcp(&source, "192.0.2.1", 4001));
	CHECK(hears_rtcp(&source, "203.0.113.9", 12));
	CHECK(hears_rtcp(&source, "203.0.113.9", 12));
	CHECK(!hears_rtcp(&source, "203.0.113.9", 13));
}

static void raw_packets_move_it_by_number_alone(void)
{
	const struct address from = at("203.0.113.9", 9);
	struct source source = aimed(true);

	for (int i = 0; i < 3; i++)
		CHECK(!source_accepts(&source, &from, NULL));
	CHECK(source_accepts(&source, &from, NULL));
}

static void addresses_of_two_families_are_never_the_same(void)
{
	const struct address v4 = at("127.0.0.1", 5), v6 = at("::1", 5), other = at("::2", 5);
	struct address read;

	CHECK(!address_same(&v4, &v6) && !address_same(&v6, &other) && address_same(&v6, &v6));
	CHECK(address_port(&v6) == 5 && address_is_usable(&v6));
	CHECK(!address_read("localhost", 5, &read) && !address_read("", 5, &read));
}

int main(void)
{
	without_nat_only_the_signalled_address_is_heard();
	the_fourth_packet_in_order_moves_it();
	a_gap_or_another_ssrc_or_another_port_begins_anew();
	another_payload_type_begins_anew();
	once_moved_it_stays_until_aimed_anew();
	a_live_signalled_address_is_never_left();
	the_signalled_address_takes_a_moved_stream_back();
	a_stream_on_hold_hears_nobody();
	rtcp_is_heard_from_the_signalled_address_alone();
	rtcp_follows_a_moved_stream_to_its_host();
	raw_packets_move_it_by_number_alone();
	addresses_of_two_families_are_never_the_same();
	return 0;
}
