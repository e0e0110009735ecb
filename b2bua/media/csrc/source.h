/*
 * Where the packets of a stream may come from, and where they go: symmetric RTP (RFC 4961).
 *
 * The signalled address is always right.  In NAT mode another address takes its place after
 * SOURCE_PROBATION packets in order, of one SSRC and payload type, and keeps it until the next
 * aim; but only while the signalled address has been silent, and only until it speaks.
 */
#ifndef B2BUA_SOURCE_H
#define B2BUA_SOURCE_H

#include "address.h"
#include "rtp.h"

enum { SOURCE_PROBATION = 4 };

struct candidate {
	struct address from;
	uint32_t ssrc;
	uint8_t payload_type;
	uint16_t next_sequence;
	unsigned count;
};

struct source {
	bool nat;
	bool signalled_lives; /* the signalled address has been heard since the last aim */
	bool moved;           /* locked to another address than the signalled one */
	struct address signalled;
	struct address remote; /* what is sent goes here, and only what comes from here is heard */
	struct address rtcp_signalled;
	struct address rtcp_remote;
	struct candidate candidate;
};

/* Begin anew at `rtp`; `rtcp` may be no address. */
void source_aim(struct source *source, const struct address *rtp, const struct address *rtcp,
		bool nat);

/* Say whether a packet from `from` is to be heard.  `header` is NULL for what is not RTP. */
bool source_accepts(struct source *source, const struct address *from,
		    const struct rtp_header *header);

bool source_accepts_rtcp(struct source *source, const struct address *from);

#endif
