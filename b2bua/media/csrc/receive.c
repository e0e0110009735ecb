#include "worker.h"

/* So often one socket is read before the others have their turn. */
enum { ROUNDS_MOST = 4 };

/* Media come every 10 ms or more; what comes sooner behind another comes in numbers. */
#define BURST_NS NS_PER_MS

void worker_tell_pressed(struct worker *worker, const struct stream *stream,
			 const struct dtmf_press *press)
{
	const struct notice notice = {
		.kind = NOTICE_PRESSED,
		.stream = stream->handle,
		.digit = press->digit,
		.duration_ms = press->duration_ms,
	};

	worker_tell(worker, &notice);
}

static void tell_heard(struct worker *worker, const struct stream *stream,
		       const struct heard *heard)
{
	const struct notice first = { .kind = NOTICE_FIRST_PACKET, .stream = stream->handle };
	uint64_t due_ns = dtmf_due(&stream->dtmf);

	if (heard->is_first)
		worker_tell(worker, &first);
	for (unsigned i = 0; i < heard->press_count; i++)
		worker_tell_pressed(worker, stream, &heard->presses[i]);
	worker_wait(worker, stream, WAIT_EVENT, due_ns != 0 ? due_ns : DEADLINE_NEVER);
}

static enum verdict hear(struct worker *worker, struct stream *stream, unsigned index, bool is_rtcp)
{
	struct batch *batch = &worker->batch;
	uint8_t *packet = batch->packets[index];
	size_t size = batch_size(batch, index);
	enum verdict verdict;
	struct heard heard;

	if (is_rtcp)
		return stream_hear_rtcp(stream, packet, size, &batch->from[index],
					worker->packets_per_second, worker->now_ns);
	verdict = stream_hear(stream, packet, size, &batch->from[index], worker->packets_per_second,
			      worker->now_ns, &heard);
	if (heard.is_first || heard.is_event)
		tell_heard(worker, stream, &heard);
	return verdict;
}

static void pass_on(struct worker *worker, struct stream *peer, bool is_rtcp)
{
	struct batch *batch = &worker->batch;
	unsigned sent;
	size_t bytes;

	if (is_rtcp) {
		if (stream_passes_rtcp(peer))
			(void)batch_send(batch, peer->rtcp_socket, &peer->source.rtcp_remote,
					 &bytes);
	} else if (stream_passes(peer)) {
		sent = batch_send(batch, peer->rtp_socket, &peer->source.remote, &bytes);
		stream_count_sent(peer, sent, bytes);
		stream_count_dropped(peer, batch->to_send - sent);
	}
}

static void relay(struct worker *worker, struct stream *stream, unsigned count, bool is_rtcp)
{
	for (unsigned i = 0; i < count; i++)
		if (hear(worker, stream, i, is_rtcp) == VERDICT_PASS)
			batch_keep(&worker->batch, i);
	if (stream->peer != NULL && worker->batch.to_send > 0)
		pass_on(worker, stream->peer, is_rtcp);
}

static unsigned expected(const struct worker *worker, const struct stream *stream)
{
	return worker->now_ns - stream->woken_ns < BURST_NS ? BATCH_PACKETS : 1;
}

void worker_receive(struct worker *worker, struct stream *stream, bool is_rtcp)
{
	unsigned most = expected(worker, stream), count = most;

	stream->woken_ns = worker->now_ns;
	for (unsigned round = 0; round < ROUNDS_MOST && stream->is_open && count == most; round++) {
		uint64_t handle = stream->handle;

		count = batch_receive(&worker->batch,
				      is_rtcp ? stream->rtcp_socket : stream->rtp_socket, most);
		worker->pace.window_packets += count;
		/* Behind the receiving: see "Order" in worker.h. */
		worker_take_commands(worker);
		if (!stream->is_open || stream->handle != handle)
			return;
		relay(worker, stream, count, is_rtcp);
		if (most == 1)
			return; /* the next wait comes back to this socket at once, if need be */
	}
}
