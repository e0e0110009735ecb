#include "commands.h"

#include "worker.h"

#include <sys/epoll.h>

void worker_wait(struct worker *worker, const struct stream *stream, enum wait wait,
		 uint64_t due_ns)
{
	uint32_t slot = (uint32_t)(stream - worker->streams);

	deadlines_set(&worker->deadlines, slot * WAITS + wait, due_ns);
}

/* Begin the frames of an utterance, unless it must wait until the stream is aimed. */
static void schedule_voice(struct worker *worker, struct stream *stream)
{
	struct voice *voice = &stream->voice;

	if (!voice_is_busy(voice) || voice->scheduled || !address_is_usable(&stream->source.remote))
		return;
	voice_schedule(voice, worker->now_ns);
	worker_wait(worker, stream, WAIT_FRAME, voice->due_ns);
}

static void give_back(struct worker *worker, struct prompt *prompt)
{
	prompt->next = atomic_load_explicit(&worker->played, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&worker->played, &prompt->next, prompt,
						      memory_order_release, memory_order_relaxed))
		;
}

static void silence_voice(struct worker *worker, struct stream *stream)
{
	struct prompt *prompt = voice_end(&stream->voice);

	worker_wait(worker, stream, WAIT_FRAME, DEADLINE_NEVER);
	if (prompt != NULL)
		give_back(worker, prompt);
}

void worker_end_voice(struct worker *worker, struct stream *stream)
{
	const struct notice notice = {
		.kind = NOTICE_PLAYED,
		.stream = stream->handle,
		.token = stream->voice.token,
	};

	if (!voice_is_busy(&stream->voice))
		return;
	silence_voice(worker, stream);
	worker_tell(worker, &notice);
}

static void watch(struct worker *worker, struct stream *stream, uint64_t watch_ns)
{
	stream->watch_ns = watch_ns;
	stream->watched_from_ns = worker->now_ns;
	worker_wait(worker, stream, WAIT_SILENCE, stream_silent_due(stream));
}

static void close_socket(const struct worker *worker, int *fd)
{
	if (*fd < 0)
		return;
	/* It may never have been added; and a child that has it would keep it in the set. */
	(void)epoll_ctl(worker->epoll, EPOLL_CTL_DEL, *fd, NULL);
	socket_close(*fd);
	*fd = -1;
}

void worker_close_stream(struct worker *worker, struct stream *stream)
{
	silence_voice(worker, stream);
	stream_unlink(stream);
	stream_tap(stream, NULL, 0);
	for (enum wait wait = 0; wait < WAITS; wait++)
		worker_wait(worker, stream, wait, DEADLINE_NEVER);
	close_socket(worker, &stream->rtp_socket);
	close_socket(worker, &stream->rtcp_socket);
	stream->is_open = false;
	atomic_store_explicit(&stream->released, true, memory_order_release);
}

static void play(struct worker *worker, struct stream *stream, const struct play *play)
{
	worker_end_voice(worker, stream);
	voice_play(&stream->voice, play->token, play->prompt, play->loop);
	schedule_voice(worker, stream);
}

static void press(struct worker *worker, struct stream *stream, const struct press *press)
{
	worker_end_voice(worker, stream);
	voice_press(&stream->voice, press->token, press->digits);
	schedule_voice(worker, stream);
}

static void perform(struct worker *worker, const struct command *command)
{
	struct stream *stream = &worker->streams[command->slot];

	switch (command->kind) {
	case COMMAND_OPEN:
		stream_open(stream, &command->u.opening, worker->now_ns);
		break;
	case COMMAND_AIM:
		stream_aim(stream, &command->u.aim);
		schedule_voice(worker, stream);
		break;
	case COMMAND_LINK:
		stream_link(stream, &worker->streams[command->u.other]);
		break;
	case COMMAND_UNLINK:
		stream_unlink(stream);
		break;
	case COMMAND_PLAY:
		play(worker, stream, &command->u.play);
		break;
	case COMMAND_PRESS:
		press(worker, stream, &command->u.press);
		break;
	case COMMAND_QUIET:
		worker_end_voice(worker, stream);
		break;
	case COMMAND_WATCH:
		watch(worker, stream, command->u.watch_ns);
		break;
	case COMMAND_TAP:
		stream_tap(stream, command->u.tapping.tap, command->u.tapping.channel);
		break;
	case COMMAND_CLOSE:
		worker_close_stream(worker, stream);
		break;
	}
}

void worker_take_commands(struct worker *worker)
{
	struct command command;

	if (!ring_take(&worker->commands, &command))
		return;
	worker->now_ns = clock_now();
	do
		perform(worker, &command);
	while (ring_take(&worker->commands, &command));
}
