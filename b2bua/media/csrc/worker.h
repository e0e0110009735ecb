/*
 * The thread that moves packets.
 *
 * Ownership: the control thread makes and frees the worker; while the thread runs, it alone
 * touches the streams, the deadlines and the batch, and it alone closes sockets.  Commands come
 * down through one ring, notices go up through another, each with an eventfd to wake the reader;
 * prompts that have been played go back through a list.  No lock is taken, nothing is allocated,
 * nothing is logged, and the interpreter is not known here.
 *
 * Order: a packet that was sent to us after a command was given is judged under that command.
 *
 * worker.c has the loop, commands.c what a command does, receive.c what a packet does, and
 * expire.c what passing time does.
 */
#ifndef B2BUA_WORKER_H
#define B2BUA_WORKER_H

#include "commands.h"
#include "deadlines.h"
#include "notice.h"
#include "ring.h"
#include "socket.h"
#include "stream.h"

#include <pthread.h>

/* What a stream can wait for; the name of a deadline is slot * WAITS + one of these. */
enum wait {
	WAIT_FRAME,
	WAIT_EVENT,
	WAIT_SILENCE,
	WAITS,
};

/* How busy the worker is, and so whether it collects packets before it looks again. */
struct pace {
	uint64_t gather_ns; /* the longest that a packet is kept waiting; 0: never */
	uint64_t woken_ns;
	uint64_t window_began_ns;
	uint32_t window_packets;
	bool is_gathering;
};

struct worker {
	/* Both threads'. */
	struct ring commands;
	struct ring notices;
	atomic_bool is_stopping;
	_Atomic uint64_t notices_dropped;
	_Atomic(struct prompt *) played;
	int command_event;
	int notice_event;
	int epoll;

	/* The worker's. */
	struct stream *streams;
	uint32_t stream_count;
	uint32_t packets_per_second;
	int timer;
	uint64_t now_ns;
	uint64_t timer_due_ns;
	bool has_told;
	struct pace pace;
	struct deadlines deadlines;
	struct batch batch;

	/* The control thread's. */
	pthread_t thread;
	bool is_running;
};

/* Make a worker for these streams; returns 0 or a negative errno.  Opens nothing. */
int worker_make(struct worker *worker, struct stream *streams, uint32_t count, uint32_t notices);
void worker_free(struct worker *worker);

/* Open the descriptors and begin the thread; returns 0 or a negative errno. */
int worker_start(struct worker *worker);

/* End the thread, which closes every stream, and close the descriptors. */
void worker_stop(struct worker *worker);

/* Give a command; returns 0, or -EAGAIN if the queue stayed full for a second. */
int worker_command(struct worker *worker, const struct command *command);

/* Let packets of an opened stream come in; returns 0 or a negative errno. */
int worker_listen(struct worker *worker, uint32_t slot, const struct opening *opening);

/* Within the worker's thread. */
void worker_take_commands(struct worker *worker);
void worker_receive(struct worker *worker, struct stream *stream, bool is_rtcp);
void worker_expire(struct worker *worker);
void worker_close_stream(struct worker *worker, struct stream *stream);
void worker_wait(struct worker *worker, const struct stream *stream, enum wait wait,
		 uint64_t due_ns);
void worker_tell(struct worker *worker, const struct notice *notice);
void worker_tell_pressed(struct worker *worker, const struct stream *stream,
			 const struct dtmf_press *press);

/* Stop what the stream says, if anything, and tell so. */
void worker_end_voice(struct worker *worker, struct stream *stream);

#endif
