#include "address.h"

#include <arpa/inet.h>
#include <string.h>

struct address address_none(void)
{
	struct address none;

	memset(&none, 0, sizeof none);
	return none;
}

bool address_read(const char *text, uint16_t port, struct address *address)
{
	*address = address_none();
	if (inet_pton(AF_INET, text, &address->u.v4.sin_addr) == 1) {
		address->u.v4.sin_family = AF_INET;
		address->size = sizeof address->u.v4;
	} else if (inet_pton(AF_INET6, text, &address->u.v6.sin6_addr) == 1) {
		address->u.v6.sin6_family = AF_INET6;
		address->size = sizeof address->u.v6;
	} else {
		return false;
	}
	*address = address_with_port(address, port);
	return true;
}

struct address address_with_port(const struct address *address, uint16_t port)
{
	struct address moved = *address;

	if (moved.u.any.sa_family == AF_INET6)
		moved.u.v6.sin6_port = htons(port);
	else
		moved.u.v4.sin_port = htons(port);
	return moved;
}

uint16_t address_port(const struct address *address)
{
	if (address->u.any.sa_family == AF_INET6)
		return ntohs(address->u.v6.sin6_port);
	return ntohs(address->u.v4.sin_port);
}

bool address_is_usable(const struct address *address)
{
	if (address->size == 0 || address_port(address) == 0)
		return false;
	if (address->u.any.sa_family == AF_INET6)
		return !IN6_IS_ADDR_UNSPECIFIED(&address->u.v6.sin6_addr);
	return address->u.v4.sin_addr.s_addr != htonl(INADDR_ANY);
}

bool address_same_host(const struct address *a, const struct address *b)
{
	if (a->size == 0 || b->size == 0 || a->u.any.sa_family != b->u.any.sa_family)
		return false;
	if (a->u.any.sa_family == AF_INET6)
		return memcmp(&a->u.v6.sin6_addr, &b->u.v6.sin6_addr, sizeof a->u.v6.sin6_addr) ==
		       0;
	return a->u.v4.sin_addr.s_addr == b->u.v4.sin_addr.s_addr;
}

bool address_same(const struct address *a, const struct address *b)
{
	return address_same_host(a, b) && address_port(a) == address_port(b);
}
