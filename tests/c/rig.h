/* A relay on loopback, and parties that speak with it: for tests of the whole.  Real time. */
#ifndef B2BUA_RIG_H
#define B2BUA_RIG_H

#include "check.h"
#include "clock.h"
#include "relay.h"
#include "socket.h"

#include <poll.h>
#include <sys/socket.h>

enum { PATIENCE_MS = 5000, BASE_PORT = 42000, PORTS = 2000 };

struct party {
	int socket;
	struct address address;
};

static struct relay *relay;

static inline struct party party_make(const char *host)
{
	struct party party;

	CHECK(address_read(host, 0, &party.address));
	party.socket = socket_bind(&party.address);
	CHECK(party.socket >= 0);
	CHECK(getsockname(party.socket, &party.address.u.any, &party.address.size) == 0);
	return party;
}

static inline void begin(uint32_t notices)
{
	const struct relay_limits limits = {
		.streams = 64, .packets_per_second = 250, .gather_us = 1000, .notices = notices
	};

	CHECK(relay_make(&relay, &limits) == 0);
	CHECK(relay_start(relay) == 0);
}

static inline void end(void)
{
	relay_free(relay);
	relay = NULL;
}

/* Some pair that is free just now; other programs may have some of them. */
static inline uint64_t open_at(const char *host, enum stream_kind kind, struct address *address)
{
	static uint16_t step;
	uint64_t handle = 0;

	for (int tries = 0; tries < PORTS; tries++) {
		step = (uint16_t)((step + 2) % PORTS);
		CHECK(address_read(host, (uint16_t)(BASE_PORT + step), address));
		if (relay_open(relay, kind, address, &handle) == 0)
			return handle;
	}
	CHECK(!"a free port");
	return 0;
}

static inline void aim_at(uint64_t handle, const struct party *party, int event_type)
{
	const struct aim aim = { .rtp = party->address,
				 .format = { .payload_type = 0, .event_type = event_type } };

	CHECK(relay_aim(relay, handle, &aim) == 0);
}

static inline void send_to(const struct party *party, const struct address *to, const void *packet,
			   size_t size)
{
	CHECK(socket_send(party->socket, to, packet, size));
}

static inline size_t receive(const struct party *party, uint8_t *packet, size_t size)
{
	struct pollfd poll_for = { .fd = party->socket, .events = POLLIN };
	ssize_t got;

	CHECK(poll(&poll_for, 1, PATIENCE_MS) == 1);
	got = recv(party->socket, packet, size, 0);
	CHECK(got >= 0);
	return (size_t)got;
}

static inline struct notice expect_notice(enum notice_kind kind)
{
	struct pollfd poll_for = { .fd = relay_descriptor(relay), .events = POLLIN };
	struct notice notice;

	for (;;) {
		if (relay_take_notice(relay, &notice)) {
			CHECK(notice.kind == kind);
			return notice;
		}
		CHECK(poll(&poll_for, 1, PATIENCE_MS) == 1);
		relay_hush(relay);
	}
}

static const uint8_t audio[172] = { 0x80, 0x00, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 'a' };

#endif
