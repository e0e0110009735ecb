#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
	COMMANDS_MOST = 4096,
	EVENTS_MOST = 256,
	COMMAND_TRIES = 1000, /* one a millisecond */
	GATHER_ABOVE_PER_SECOND = 10000,
	WINDOWS_PER_SECOND = 100,
};

/* The data of epoll events: slot * 2 + is_rtcp, or this, whose waking is all there is to know. */
#define WAKE_ONLY UINT64_MAX

int worker_make(struct worker *worker, struct stream *streams, uint32_t count, uint32_t notices)
{
	int fault;

	memset(worker, 0, sizeof *worker);
	worker->streams = streams;
	worker->stream_count = count;
	worker->command_event = worker->notice_event = worker->epoll = worker->timer = -1;
	worker->timer_due_ns = DEADLINE_NEVER;
	atomic_init(&worker->is_stopping, false);
	atomic_init(&worker->notices_dropped, 0);
	atomic_init(&worker->played, NULL);
	batch_make(&worker->batch);
	fault = ring_make(&worker->commands, COMMANDS_MOST, sizeof(struct command));
	if (fault == 0)
		fault = ring_make(&worker->notices, notices, sizeof(struct notice));
	if (fault == 0)
		fault = deadlines_make(&worker->deadlines, count * WAITS);
	if (fault != 0)
		worker_free(worker);
	return fault;
}

void worker_free(struct worker *worker)
{
	ring_free(&worker->commands);
	ring_free(&worker->notices);
	deadlines_free(&worker->deadlines);
}

static void wake(int event)
{
	const uint64_t one = 1;

	/* It could fail only at 2^64 - 1 unread wakes. */
	ssize_t written = write(event, &one, sizeof one);

	(void)written;
}

int worker_command(struct worker *worker, const struct command *command)
{
	const struct timespec pause = { .tv_nsec = (long)NS_PER_MS };

	for (int i = 0; i < COMMAND_TRIES; i++) {
		if (ring_put(&worker->commands, command)) {
			wake(worker->command_event);
			return 0;
		}
		(void)nanosleep(&pause, NULL); /* shorter if a signal comes: then we try earlier */
	}
	return -EAGAIN;
}

void worker_tell(struct worker *worker, const struct notice *notice)
{
	if (ring_put(&worker->notices, notice))
		worker->has_told = true;
	else
		atomic_fetch_add_explicit(&worker->notices_dropped, 1, memory_order_relaxed);
}

static int add_to_epoll(const struct worker *worker, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };

	return epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

int worker_listen(struct worker *worker, uint32_t slot, const struct opening *opening)
{
	int fault = add_to_epoll(worker, opening->rtp_socket, EPOLLIN, (uint64_t)slot * 2);

	if (fault == 0 && opening->rtcp_socket >= 0)
		fault = add_to_epoll(worker, opening->rtcp_socket, EPOLLIN, (uint64_t)slot * 2 + 1);
	return fault;
}

static void set_timer(struct worker *worker)
{
	uint64_t due_ns = deadlines_next(&worker->deadlines);
	uint64_t at_ns = due_ns == DEADLINE_NEVER ? 0 : due_ns; /* 0 disarms it */
	const struct itimerspec due = {
		.it_value.tv_sec = (time_t)(at_ns / NS_PER_SECOND),
		.it_value.tv_nsec = (long)(at_ns % NS_PER_SECOND),
	};

	if (due_ns == worker->timer_due_ns && due_ns > worker->now_ns)
		return;
	if (timerfd_settime(worker->timer, TFD_TIMER_ABSTIME, &due, NULL) == 0)
		worker->timer_due_ns = due_ns;
}

static void take_events(struct worker *worker, const struct epoll_event *events, int count)
{
	worker->pace.woken_ns = clock_now();
	worker->now_ns = worker->pace.woken_ns;
	worker_take_commands(worker);
	for (int i = 0; i < count; i++)
		if (events[i].data.u64 != WAKE_ONLY)
			worker_receive(worker, &worker->streams[events[i].data.u64 / 2],
				       events[i].data.u64 % 2 != 0);
	worker_expire(worker);
}

static void measure_pace(struct pace *pace, uint64_t now_ns)
{
	const uint32_t many = GATHER_ABOVE_PER_SECOND / WINDOWS_PER_SECOND;
	uint64_t passed_ns = now_ns - pace->window_began_ns;

	if (passed_ns < NS_PER_SECOND / WINDOWS_PER_SECOND)
		return;
	pace->is_gathering =
		passed_ns < 2 * NS_PER_SECOND / WINDOWS_PER_SECOND && pace->window_packets >= many;
	pace->window_packets = 0;
	pace->window_began_ns = now_ns;
}

/* At real loads a wake-up costs more than the system calls it saves to wake up at once. */
static void gather(struct worker *worker)
{
	struct pace *pace = &worker->pace;
	uint64_t until_ns = pace->woken_ns + pace->gather_ns;
	uint64_t due_ns = deadlines_next(&worker->deadlines);
	struct timespec until;

	measure_pace(pace, worker->now_ns);
	if (due_ns < until_ns)
		until_ns = due_ns;
	if (!pace->is_gathering || until_ns <= worker->now_ns)
		return;
	until.tv_sec = (time_t)(until_ns / NS_PER_SECOND);
	until.tv_nsec = (long)(until_ns % NS_PER_SECOND);
	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static void *run(void *argument)
{
	struct worker *worker = argument;
	struct epoll_event events[EVENTS_MOST];

	while (!atomic_load_explicit(&worker->is_stopping, memory_order_acquire)) {
		set_timer(worker);
		take_events(worker, events, epoll_wait(worker->epoll, events, EVENTS_MOST, -1));
		if (worker->has_told)
			wake(worker->notice_event);
		worker->has_told = false;
		gather(worker);
	}
	worker_take_commands(worker);
	for (uint32_t i = 0; i < worker->stream_count; i++)
		if (worker->streams[i].is_open)
			worker_close_stream(worker, &worker->streams[i]);
	return NULL;
}

static void close_descriptors(struct worker *worker)
{
	socket_close(worker->epoll);
	socket_close(worker->timer);
	socket_close(worker->command_event);
	socket_close(worker->notice_event);
	worker->command_event = worker->notice_event = worker->epoll = worker->timer = -1;
}

static int open_descriptors(struct worker *worker)
{
	int fault;

	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	worker->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	worker->command_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	worker->notice_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (worker->epoll < 0 || worker->timer < 0 || worker->command_event < 0 ||
	    worker->notice_event < 0)
		return -errno;
	/* Edge-triggered: each expiry and each write wakes, and nothing has to be read. */
	fault = add_to_epoll(worker, worker->timer, EPOLLIN | EPOLLET, WAKE_ONLY);
	if (fault == 0)
		fault = add_to_epoll(worker, worker->command_event, EPOLLIN | EPOLLET, WAKE_ONLY);
	return fault;
}

/* Signals are Python's: they shall interrupt its thread, not this one. */
static int create_thread(struct worker *worker)
{
	sigset_t all, before;
	int fault;

	(void)sigfillset(&all);
	fault = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (fault != 0)
		return -fault;
	fault = pthread_create(&worker->thread, NULL, run, worker);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL); /* it was accepted before */
	return -fault;
}

int worker_start(struct worker *worker)
{
	int fault = open_descriptors(worker);

	atomic_store(&worker->is_stopping, false);
	worker->timer_due_ns = DEADLINE_NEVER;
	if (fault == 0)
		fault = create_thread(worker);
	worker->is_running = fault == 0;
	if (fault != 0)
		close_descriptors(worker);
	return fault;
}

void worker_stop(struct worker *worker)
{
	if (!worker->is_running)
		return;
	worker->is_running = false;
	atomic_store_explicit(&worker->is_stopping, true, memory_order_release);
	wake(worker->command_event);
	(void)pthread_join(worker->thread, NULL); /* it is ours and joined once */
	close_descriptors(worker);
}
