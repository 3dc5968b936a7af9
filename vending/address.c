/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - hosts and network addresses this server talks to. */
#include "vending/address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum use { REFUSED, LOOPBACK };

/* First match counts; bits of the address from its most significant one. */
static const struct {
	uint32_t address;
	int bits;
	enum use use;
} v4[] = {
	{ 0x00000000, 8, REFUSED }, /* "this" network */
	{ 0x7f000000, 8, LOOPBACK },
	{ 0xa9fe0000, 16, REFUSED }, /* 169.254/16: link-local; metadata of AWS, Google, Azure */
	{ 0x646464c8, 32, REFUSED }, /* 100.100.100.200: metadata of Alibaba */
	{ 0xa83f8110, 32, REFUSED }, /* 168.63.129.16: Azure's platform */
	{ 0xc00000c0, 32, REFUSED }, /* 192.0.0.192: metadata of Oracle */
	{ 0xe0000000, 3, REFUSED },  /* multicast, reserved, broadcast */
};

static const struct {
	unsigned char address[16];
	int bits;
	enum use use;
} v6[] = {
	{ { 0 }, 128, REFUSED },		     /* :: */
	{ { [15] = 1 }, 128, LOOPBACK },	     /* ::1 */
	{ { 0xfe, 0x80 }, 10, REFUSED },	     /* link-local */
	{ { 0xfe, 0xc0 }, 10, REFUSED },	     /* site-local */
	{ { 0xff }, 8, REFUSED },		     /* multicast */
	{ { 0xfd, 0x00, 0x0e, 0xc2 }, 32, REFUSED }, /* metadata of AWS */
	{ { 0xfd, 0x20, 0x00, 0xce }, 32, REFUSED }, /* metadata of Google */
};

/* Where an IPv4 address stands inside an IPv6 one. */
static const struct {
	unsigned char prefix[12];
	size_t bytes, at;
} embedded[] = {
	{ { [10] = 0xff, [11] = 0xff }, 12, 12 }, /* ::ffff:a.b.c.d */
	{ { 0 }, 12, 12 },			  /* ::a.b.c.d */
	{ { 0x00, 0x64, 0xff, 0x9b }, 12, 12 },	  /* NAT64 */
	{ { 0x20, 0x02 }, 2, 2 },		  /* 6to4 */
};

static bool v4_allowed(uint32_t a, bool refuse_loopback)
{
	for (size_t i = 0; i < ARRAY_SIZE(v4); i++)
		if (!((a ^ v4[i].address) >> (32 - v4[i].bits)))
			return v4[i].use == LOOPBACK && !refuse_loopback;
	return true;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
	int rest = bits % 8;

	if (memcmp(a, b, (size_t)(bits / 8)) != 0)
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}

static bool v6_allowed(const unsigned char *a, bool refuse_loopback)
{
	for (size_t i = 0; i < ARRAY_SIZE(v6); i++)
		if (same_bits(a, v6[i].address, v6[i].bits))
			return v6[i].use == LOOPBACK && !refuse_loopback;
	for (size_t i = 0; i < ARRAY_SIZE(embedded); i++)
		if (!memcmp(a, embedded[i].prefix, embedded[i].bytes)) {
			const unsigned char *b = a + embedded[i].at;

			return v4_allowed((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
						  (uint32_t)b[2] << 8 | b[3],
					  refuse_loopback);
		}
	return true;
}

bool address_allowed(const struct sockaddr *address, bool refuse_loopback)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	switch (address->sa_family) {
	case AF_INET:
		memcpy(&in, address, sizeof(in));
		return v4_allowed(ntohl(in.sin_addr.s_addr), refuse_loopback);
	case AF_INET6:
		memcpy(&in6, address, sizeof(in6));
		return v6_allowed(in6.sin6_addr.s6_addr, refuse_loopback);
	default:
		return false;
	}
}

static bool entry_names(const char *entry, const char *host, const char *port)
{
	size_t n = strlen(entry), h = strlen(host), p = strlen(port);

	if (n > p && entry[n - p - 1] == ':' && strcmp(entry + n - p, port) == 0)
		n -= p + 1;
	if (n > 2 && strncmp(entry, "*.", 2) == 0)
		return h > n - 1 && strncasecmp(host + h - (n - 1), entry + 1, n - 1) == 0;
	return h == n && strncasecmp(host, entry, n) == 0;
}

bool host_listed(struct cx *cx, const char *list, const char *host, const char *port)
{
	char *rest = cx_strdup(cx, list), *entry;

	while (rest && (entry = strsep(&rest, ", ")))
		if (*entry && entry_names(entry, host, port))
			return true;
	return !list;
}
