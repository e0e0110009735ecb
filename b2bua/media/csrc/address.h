/* A numeric IP address and port, IPv4 or IPv6, as the socket calls want it. */
#ifndef B2BUA_ADDRESS_H
#define B2BUA_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* `size` 0 means no address. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} u;
	socklen_t size;
};

enum { ADDRESS_TEXT_BYTES = INET6_ADDRSTRLEN };

/* Read "192.0.2.1" or "2001:db8::1"; false: it is neither. */
bool address_read(const char *text, uint16_t port, struct address *address);

struct address address_none(void);
struct address address_with_port(const struct address *address, uint16_t port);
uint16_t address_port(const struct address *address);

/* No address, the unspecified one (hold, RFC 3264 section 8.4), or port 0: nothing can be sent. */
bool address_is_usable(const struct address *address);
bool address_same_host(const struct address *a, const struct address *b);
bool address_same(const struct address *a, const struct address *b);

#endif
