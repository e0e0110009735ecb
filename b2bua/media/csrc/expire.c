#include "worker.h"

static void send_frame(struct worker *worker, struct stream *stream)
{
	uint8_t packet[VOICE_PACKET_BYTES];
	bool over;
	size_t size = voice_frame(&stream->voice, &stream->format, worker->now_ns, packet, &over);

	if (over) {
		worker_end_voice(worker, stream);
		return;
	}
	worker_wait(worker, stream, WAIT_FRAME, stream->voice.due_ns);
	if (size == 0 || !address_is_usable(&stream->source.remote))
		return;
	if (socket_send(stream->rtp_socket, &stream->source.remote, packet, size))
		stream_count_sent(stream, 1, size);
	else
		stream_count_dropped(stream, 1);
}

static void end_event(struct worker *worker, struct stream *stream)
{
	struct dtmf_press press;

	if (dtmf_expire(&stream->dtmf, worker->now_ns, &press))
		worker_tell_pressed(worker, stream, &press);
}

/* Packets do not move this deadline: it is looked up anew when it comes. */
static void tell_silent(struct worker *worker, struct stream *stream)
{
	const struct notice notice = { .kind = NOTICE_SILENT, .stream = stream->handle };
	uint64_t due_ns = stream_silent_due(stream);

	if (due_ns <= worker->now_ns) {
		stream->watch_ns = 0;
		worker_tell(worker, &notice);
	} else {
		worker_wait(worker, stream, WAIT_SILENCE, due_ns);
	}
}

void worker_expire(struct worker *worker)
{
	uint32_t name;

	worker->now_ns = clock_now();
	while (deadlines_take(&worker->deadlines, worker->now_ns, &name)) {
		struct stream *stream = &worker->streams[name / WAITS];

		switch ((enum wait)(name % WAITS)) {
		case WAIT_FRAME:
			send_frame(worker, stream);
			break;
		case WAIT_EVENT:
			end_event(worker, stream);
			break;
		case WAIT_SILENCE:
			tell_silent(worker, stream);
			break;
		case WAITS:
			break;
		}
	}
}
