#include "source.h"

#include <string.h>

void source_aim(struct source *source, const struct address *rtp, const struct address *rtcp,
		bool nat)
{
	memset(source, 0, sizeof *source);
	source->nat = nat;
	source->signalled = source->remote = *rtp;
	source->rtcp_signalled = source->rtcp_remote = *rtcp;
}

static void return_to_signalled(struct source *source)
{
	source->signalled_lives = true;
	source->moved = false;
	source->remote = source->signalled;
	source->rtcp_remote = source->rtcp_signalled;
}

static void begin_probation(struct candidate *candidate, const struct address *from,
			    const struct rtp_header *header)
{
	candidate->from = *from;
	candidate->ssrc = header != NULL ? header->ssrc : 0;
	candidate->payload_type = header != NULL ? header->payload_type : 0;
	candidate->count = 0;
}

static bool follows(const struct candidate *candidate, const struct address *from,
		    const struct rtp_header *header)
{
	if (candidate->count == 0 || !address_same(&candidate->from, from))
		return false;
	if (header == NULL)
		return true;
	return candidate->ssrc == header->ssrc && candidate->payload_type == header->payload_type &&
	       candidate->next_sequence == header->sequence;
}

static bool passes_probation(struct candidate *candidate, const struct address *from,
			     const struct rtp_header *header)
{
	if (!follows(candidate, from, header))
		begin_probation(candidate, from, header);
	if (header != NULL)
		candidate->next_sequence = (uint16_t)(header->sequence + 1);
	return ++candidate->count >= SOURCE_PROBATION;
}

bool source_accepts(struct source *source, const struct address *from,
		    const struct rtp_header *header)
{
	if (address_same(from, &source->signalled)) {
		if (!source->signalled_lives)
			return_to_signalled(source);
		return true;
	}
	if (source->moved)
		return address_same(from, &source->remote);
	if (!source->nat || source->signalled_lives || !address_is_usable(&source->signalled))
		return false;
	if (!passes_probation(&source->candidate, from, header))
		return false;
	source->moved = true;
	source->remote = *from;
	source->rtcp_remote = address_none(); /* a NAT maps this port by itself: wait to hear it */
	return true;
}

bool source_accepts_rtcp(struct source *source, const struct address *from)
{
	if (address_same(from, &source->rtcp_remote))
		return true;
	if (!source->moved || source->rtcp_remote.size != 0 ||
	    !address_same_host(from, &source->remote))
		return false;
	source->rtcp_remote = *from;
	return true;
}
