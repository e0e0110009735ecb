#include "stream.h"

#include "deadlines.h"

#include <string.h>

/* Only the worker writes, so no locked instruction is needed. */
static void add(_Atomic uint64_t *counter, uint64_t amount)
{
	uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);

	atomic_store_explicit(counter, value + amount, memory_order_relaxed);
}

void stream_clear_counters(struct stream *stream)
{
	struct counters *counters = &stream->counters;

	atomic_store_explicit(&counters->received_packets, 0, memory_order_relaxed);
	atomic_store_explicit(&counters->received_bytes, 0, memory_order_relaxed);
	atomic_store_explicit(&counters->sent_packets, 0, memory_order_relaxed);
	atomic_store_explicit(&counters->sent_bytes, 0, memory_order_relaxed);
	atomic_store_explicit(&counters->dropped_packets, 0, memory_order_relaxed);
	atomic_store_explicit(&counters->rtcp_packets, 0, memory_order_relaxed);
	atomic_store_explicit(&counters->last_received_ns, 0, memory_order_relaxed);
}

void stream_open(struct stream *stream, const struct opening *opening, uint64_t now_ns)
{
	stream->is_open = true;
	stream->handle = opening->handle;
	stream->kind = opening->kind;
	stream->rtp_socket = opening->rtp_socket;
	stream->rtcp_socket = opening->rtcp_socket;
	stream->peer = NULL;
	stream->tap = NULL;
	stream->heard = false;
	stream->woken_ns = 0;
	stream->blocked_events = 0;
	stream->watch_ns = stream->watched_from_ns = 0;
	stream->format = (struct voice_format){ .event_type = VOICE_NO_EVENTS };
	bucket_fill(&stream->bucket, now_ns);
	memset(&stream->source, 0, sizeof stream->source);
	memset(&stream->dtmf, 0, sizeof stream->dtmf);
	memset(&stream->voice, 0, sizeof stream->voice);
	stream->voice.ssrc = opening->ssrc;
	stream->voice.timestamp = opening->timestamp;
	stream->voice.sequence = opening->sequence;
}

void stream_aim(struct stream *stream, const struct aim *aim)
{
	source_aim(&stream->source, &aim->rtp, &aim->rtcp, aim->nat);
	stream->format = aim->format;
	stream->blocked_events = aim->blocked_events;
}

void stream_link(struct stream *a, struct stream *b)
{
	if (a->peer == b)
		return;
	stream_unlink(a);
	stream_unlink(b);
	dtmf_keep(&a->dtmf);
	dtmf_keep(&b->dtmf);
	a->peer = b;
	b->peer = a;
}

void stream_unlink(struct stream *stream)
{
	if (stream->peer == NULL)
		return;
	stream->peer->peer = NULL;
	stream->peer = NULL;
}

void stream_tap(struct stream *stream, struct tap *tap, uint8_t channel)
{
	if (stream->tap != NULL)
		tap_give_back(stream->tap);
	stream->tap = tap;
	stream->channel = channel;
}

static bool is_event(const struct stream *stream, const struct rtp_header *header)
{
	return stream->format.event_type == header->payload_type;
}

/* Let the peer know events by its own payload type (RFC 3264 section 5.1: each side has its). */
static void translate(const struct stream *stream, uint8_t *packet)
{
	int event_type = stream->peer != NULL ? stream->peer->format.event_type : VOICE_NO_EVENTS;

	if (event_type >= 0 && event_type != stream->format.event_type)
		rtp_set_payload_type(packet, (uint8_t)event_type);
}

static enum verdict hear_event(struct stream *stream, uint8_t *packet, size_t size,
			       const struct rtp_header *header, uint64_t now_ns,
			       struct heard *heard)
{
	struct rtp_event event;

	translate(stream, packet);
	if (!rtp_event_read(packet, size, header, &event))
		return VERDICT_PASS;
	heard->press_count = dtmf_hear(&stream->dtmf, header, &event, now_ns, heard->presses);
	if (event.code < DTMF_CODES && (stream->blocked_events >> event.code & 1) != 0)
		return VERDICT_KEEP;
	if (dtmf_is_kept(&stream->dtmf, header))
		return VERDICT_KEEP;
	return VERDICT_PASS;
}

static bool is_welcome(struct stream *stream, const uint8_t *packet, size_t size,
		       const struct address *from, struct rtp_header *header)
{
	if (stream->kind == STREAM_RAW)
		return size <= RTP_PACKET_BYTES_MOST && source_accepts(&stream->source, from, NULL);
	return rtp_read(packet, size, header) && source_accepts(&stream->source, from, header);
}

static void count_received(struct stream *stream, size_t size, uint64_t now_ns)
{
	add(&stream->counters.received_packets, 1);
	add(&stream->counters.received_bytes, size);
	atomic_store_explicit(&stream->counters.last_received_ns, now_ns, memory_order_relaxed);
}

enum verdict stream_hear(struct stream *stream, uint8_t *packet, size_t size,
			 const struct address *from, uint32_t per_second, uint64_t now_ns,
			 struct heard *heard)
{
	struct rtp_header header;

	heard->is_first = heard->is_event = false;
	heard->press_count = 0;
	/* The bucket comes last: strangers must not be able to empty it. */
	if (!is_welcome(stream, packet, size, from, &header) ||
	    !bucket_take(&stream->bucket, per_second, now_ns)) {
		stream_count_dropped(stream, 1);
		return VERDICT_DROP;
	}
	count_received(stream, size, now_ns);
	heard->is_first = !stream->heard;
	stream->heard = true;
	heard->is_event = stream->kind == STREAM_RTP && is_event(stream, &header);
	if (heard->is_event)
		return hear_event(stream, packet, size, &header, now_ns, heard);
	if (stream->tap != NULL)
		tap_put(stream->tap, stream->channel, packet, size, &header, now_ns);
	return VERDICT_PASS;
}

enum verdict stream_hear_rtcp(struct stream *stream, const uint8_t *packet, size_t size,
			      const struct address *from, uint32_t per_second, uint64_t now_ns)
{
	if (!rtcp_check(packet, size) || !source_accepts_rtcp(&stream->source, from) ||
	    !bucket_take(&stream->bucket, per_second, now_ns)) {
		stream_count_dropped(stream, 1);
		return VERDICT_DROP;
	}
	add(&stream->counters.rtcp_packets, 1);
	return VERDICT_PASS;
}

bool stream_passes(const struct stream *stream)
{
	return address_is_usable(&stream->source.remote) && !voice_is_busy(&stream->voice);
}

bool stream_passes_rtcp(const struct stream *stream)
{
	return stream->rtcp_socket >= 0 && address_is_usable(&stream->source.rtcp_remote);
}

void stream_count_sent(struct stream *stream, unsigned packets, size_t bytes)
{
	add(&stream->counters.sent_packets, packets);
	add(&stream->counters.sent_bytes, bytes);
}

void stream_count_dropped(struct stream *stream, unsigned packets)
{
	add(&stream->counters.dropped_packets, packets);
}

uint64_t stream_silent_due(const struct stream *stream)
{
	uint64_t heard_ns =
		atomic_load_explicit(&stream->counters.last_received_ns, memory_order_relaxed);

	if (stream->watch_ns == 0)
		return DEADLINE_NEVER;
	if (heard_ns < stream->watched_from_ns)
		heard_ns = stream->watched_from_ns;
	return heard_ns + stream->watch_ns;
}
