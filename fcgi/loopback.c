/* SPDX-License-Identifier: Apache-2.0 */
/* loopback.c - whether a request comes from this very machine. */
#include "fcgi/loopback.h"

#include <arpa/inet.h>
#include <strings.h>

#include "common/text.h"

static bool is_loopback_address(const char *text)
{
	struct in6_addr six;
	struct in_addr four;

	if (inet_pton(AF_INET, text, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, text, &six) != 1)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

/* host, host:port, [address] or [address]:port. */
static bool is_loopback_host(struct cx *cx, const char *host)
{
	const char *name;

	if (*host == '[')
		return is_loopback_address(cx_strndup(cx, host + 1, strcspn(host + 1, "]")));
	name = cx_strndup(cx, host, strcspn(host, ":"));
	return strcasecmp(name, "localhost") == 0 ||
	       (strlen(name) > 10 && strcasecmp(name + strlen(name) - 10, ".localhost") == 0) ||
	       is_loopback_address(name);
}

static bool all_loopback(struct cx *cx, const char *list)
{
	while (*list) {
		size_t n;

		list += strspn(list, ", ");
		n = strcspn(list, ", ");
		if (n && !is_loopback_address(cx_strndup(cx, list, n)))
			return false;
		list += n;
	}
	return true;
}

static bool is_local(struct request *rq)
{
	const char *peer = request_env(rq, "REMOTE_ADDR");
	const char *forwarded = request_header(rq, "x-forwarded-for");
	const char *host = request_header(rq, "host"), *origin = request_header(rq, "origin");
	const char *page = origin ? strstr(origin, "://") : NULL;

	if (peer && *peer && !is_loopback_address(peer))
		return false;
	if (forwarded && !all_loopback(rq->cx, forwarded))
		return false;
	if (request_header(rq, "forwarded"))
		return false;
	if (host && *host && !is_loopback_host(rq->cx, host))
		return false;
	return !origin || (page && is_loopback_host(rq->cx, page + 3));
}

enum status loopback_check(struct request *rq)
{
	if (is_local(rq))
		return OK;
	return fail(rq->cx, DENIED,
		    "PANGOLIN_NO_AUTH lets in requests from this machine alone; "
		    "PANGOLIN_NO_AUTH_ANYWHERE opens it to everyone");
}
