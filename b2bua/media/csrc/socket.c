#include "socket.h"

#include <errno.h>
#include <netinet/ip.h>
#include <string.h>
#include <unistd.h>

/* RFC 4594 section 4.1: telephony is expedited forwarding (DSCP 46). */
enum { EXPEDITED_FORWARDING = 46 << 2 };

static int set_options(int fd, int family)
{
	const int on = 1, service = EXPEDITED_FORWARDING;

	if (family == AF_INET)
		return setsockopt(fd, IPPROTO_IP, IP_TOS, &service, sizeof service);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
		return -1;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &service, sizeof service);
}

int socket_bind(const struct address *local)
{
	int family = local->u.any.sa_family;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int fault;

	if (fd < 0)
		return -errno;
	if (set_options(fd, family) == 0 && bind(fd, &local->u.any, local->size) == 0)
		return fd;
	fault = errno;
	socket_close(fd);
	return -fault;
}

void socket_close(int fd)
{
	if (fd >= 0)
		(void)close(fd); /* Linux frees the descriptor whatever it returns */
}

void batch_make(struct batch *batch)
{
	memset(batch, 0, sizeof *batch);
	for (unsigned i = 0; i < BATCH_PACKETS; i++) {
		batch->received_at[i].iov_base = batch->packets[i];
		batch->received_at[i].iov_len = BATCH_PACKET_BYTES;
		batch->received[i].msg_hdr.msg_iov = &batch->received_at[i];
		batch->received[i].msg_hdr.msg_iovlen = 1;
		batch->received[i].msg_hdr.msg_name = &batch->from[i].u;
		batch->received[i].msg_hdr.msg_namelen = sizeof batch->from[i].u;
		batch->sent[i].msg_hdr.msg_iov = &batch->sent_at[i];
		batch->sent[i].msg_hdr.msg_iovlen = 1;
		batch->sent[i].msg_hdr.msg_name = &batch->to.u;
	}
}

/* One datagram is the rule, and the plain calls are the quicker ones for it. */
static unsigned receive_one(struct batch *batch, int fd)
{
	struct address *from = &batch->from[0];
	ssize_t size;

	from->size = sizeof from->u;
	size = recvfrom(fd, batch->packets[0], BATCH_PACKET_BYTES, MSG_DONTWAIT, &from->u.any,
			&from->size);
	if (size < 0)
		return 0;
	batch->received[0].msg_len = (unsigned)size;
	return 1;
}

/* Nothing may wait, or an ICMP error, which the call clears: both are no datagram. */
unsigned batch_receive(struct batch *batch, int fd, unsigned most)
{
	int count;

	batch->to_send = 0;
	if (most == 1)
		return receive_one(batch, fd);
	count = recvmmsg(fd, batch->received, most, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++) {
		batch->from[i].size = batch->received[i].msg_hdr.msg_namelen;
		batch->received[i].msg_hdr.msg_namelen = sizeof batch->from[i].u;
	}
	return count < 0 ? 0 : (unsigned)count;
}

size_t batch_size(const struct batch *batch, unsigned index)
{
	return batch->received[index].msg_len;
}

void batch_keep(struct batch *batch, unsigned index)
{
	struct iovec *at = &batch->sent_at[batch->to_send++];

	at->iov_base = batch->packets[index];
	at->iov_len = batch_size(batch, index);
}

bool socket_send(int fd, const struct address *to, const uint8_t *packet, size_t size)
{
	return sendto(fd, packet, size, MSG_DONTWAIT, &to->u.any, to->size) == (ssize_t)size;
}

/* Returns how many were taken from `first` on; a datagram that is refused ends the call early. */
static unsigned send_from(struct batch *batch, int fd, unsigned first, size_t *bytes)
{
	int count = sendmmsg(fd, &batch->sent[first], batch->to_send - first, MSG_DONTWAIT);

	for (int i = 0; i < count; i++)
		*bytes += batch->sent_at[first + (unsigned)i].iov_len;
	return count < 0 ? 0 : (unsigned)count;
}

static unsigned send_one(const struct batch *batch, int fd, const struct address *to, size_t *bytes)
{
	const struct iovec *at = &batch->sent_at[0];

	if (!socket_send(fd, to, at->iov_base, at->iov_len))
		return 0;
	*bytes = at->iov_len;
	return 1;
}

unsigned batch_send(struct batch *batch, int fd, const struct address *to, size_t *bytes)
{
	unsigned tried = 0, taken = 0;

	*bytes = 0;
	if (batch->to_send == 1)
		return send_one(batch, fd, to, bytes);
	batch->to = *to;
	for (unsigned i = 0; i < batch->to_send; i++)
		batch->sent[i].msg_hdr.msg_namelen = to->size;
	while (tried < batch->to_send) {
		unsigned count = send_from(batch, fd, tried, bytes);

		taken += count;
		tried += count;
		if (tried < batch->to_send && count == 0)
			tried++; /* this one is lost; what is behind it may yet go */
	}
	return taken;
}
