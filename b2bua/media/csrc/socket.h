/* UDP sockets, and datagrams in batches. */
#ifndef B2BUA_SOCKET_H
#define B2BUA_SOCKET_H

#include "address.h"
#include "rtp.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	BATCH_PACKETS = 16,
	BATCH_PACKET_BYTES = 1536, /* more than RTP_PACKET_BYTES_MOST: what is too long shows */
};

/* One owner, used for one socket at a time: received datagrams stay in it and are sent from it. */
struct batch {
	struct mmsghdr received[BATCH_PACKETS];
	struct mmsghdr sent[BATCH_PACKETS];
	struct iovec received_at[BATCH_PACKETS];
	struct iovec sent_at[BATCH_PACKETS];
	struct address from[BATCH_PACKETS];
	struct address to;
	unsigned to_send;
	uint8_t packets[BATCH_PACKETS][BATCH_PACKET_BYTES];
};

/* Open a socket that does not block and bind it; returns it or a negative errno. */
int socket_bind(const struct address *local);
void socket_close(int socket);

void batch_make(struct batch *batch);

/* Receive at most `most` of the datagrams that wait; returns how many, 0 if none. */
unsigned batch_receive(struct batch *batch, int socket, unsigned most);
size_t batch_size(const struct batch *batch, unsigned index);

/* Mark a received datagram to be sent on. */
void batch_keep(struct batch *batch, unsigned index);

/* Send the marked ones.  Returns how many the kernel took; the rest is lost, as UDP may.
 * `bytes` is the sum of their sizes. */
unsigned batch_send(struct batch *batch, int socket, const struct address *to, size_t *bytes);

/* Send one datagram; false: the kernel did not take it. */
bool socket_send(int socket, const struct address *to, const uint8_t *packet, size_t size);

#endif
