/* SPDX-License-Identifier: Apache-2.0 */
/* quota.c - counters of requests in shared memory. */
#include "fcgi/quota.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/text.h"
#include "stores/content.h"
#include "stores/tenants.h"

#define PLACES 4096
#define PROBES 16
#define COUNT_BITS 32

/* Both change by compare-and-swap alone. */
struct counter {
	_Atomic uint64_t tenant; /* of its hash; 0 = nobody's */
	_Atomic uint64_t count;	 /* minute << COUNT_BITS | requests */
};

struct request_counts {
	struct counter *places;
};

enum status request_counts_open(struct cx *cx, const char *path, struct request_counts **out)
{
	const size_t size = PLACES * sizeof(struct counter);
	struct request_counts *c = calloc(1, sizeof(*c));
	int fd = -1, flags = MAP_SHARED | (path ? 0 : MAP_ANONYMOUS);

	if (!c)
		abort();
	*out = c;
	if (path) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
		if (fd < 0 || ftruncate(fd, (off_t)size))
			return fail(cx, INVALID, "%s: %s", path, strerror(errno));
	}
	c->places = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (fd >= 0)
		close(fd);
	if (c->places != MAP_FAILED)
		return OK;
	c->places = NULL;
	return fail(cx, INVALID, "%s: %s", path ? path : "memory", strerror(errno));
}

void request_counts_close(struct request_counts *c)
{
	if (c && c->places)
		munmap(c->places, PLACES * sizeof(struct counter));
	free(c);
}

static uint64_t hash_of(const char *tenant_id)
{
	unsigned char h[SHA256_BYTES];
	uint64_t n;

	sha256(tenant_id, strlen(tenant_id), h);
	memcpy(&n, h, sizeof(n));
	return n | 1;
}

/* The tenant's place: its own, a free one, or one of a tenant that was not here for a minute. */
static struct counter *counter_of(struct request_counts *c, uint64_t tenant, int64_t minute)
{
	struct counter *p = NULL;

	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < PROBES; i++) {
			uint64_t there;

			p = &c->places[(tenant + i) % PLACES];
			there = p->tenant;
			if (there == tenant)
				return p;
			if (pass && there && (int64_t)(p->count >> COUNT_BITS) + 1 >= minute)
				continue;
			if (pass && (__atomic_compare_exchange_n((uint64_t *)&p->tenant, &there,
								 tenant, false, __ATOMIC_SEQ_CST,
								 __ATOMIC_SEQ_CST) ||
				     there == tenant))
				return p;
		}
	return p; /* all are busy: two tenants share one, and both have less */
}

int64_t request_counts_add(struct request_counts *c, const char *tenant_id, int64_t minute)
{
	struct counter *p = counter_of(c, hash_of(tenant_id), minute);
	uint64_t before = p->count, after;

	do {
		bool same = (int64_t)(before >> COUNT_BITS) == minute;

		after = same ? before + 1 : (uint64_t)minute << COUNT_BITS | 1;
	} while (!__atomic_compare_exchange_n((uint64_t *)&p->count, &before, after, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	return (int64_t)(after & UINT32_MAX);
}

/* What the process knows, or the tenant's row. */
static enum status find_quota(struct request *rq, struct quota *out)
{
	const struct quota *known = content_quota(rq->rs->content, rq->tenant_id);
	struct tenant t;
	enum status s;

	*out = (struct quota){ 0 };
	if (known) {
		*out = *known;
		return OK;
	}
	s = tenant_find(rq->cx, rq->rs->store, rq->tenant_id, &t);
	if (s == NOT_FOUND)
		return OK; /* who asks is told by others */
	if (!s)
		s = quota_parse(rq->cx, t.properties, out);
	if (!s)
		content_note_quota(rq->rs->content, rq->tenant_id, out);
	return s == INVALID ? INTERNAL : s;
}

enum status quota_spend(struct request *rq)
{
	int64_t now_ms = cx_now_ms(), minute = now_ms / 60000;
	struct quota quota;
	enum status s;

	if (!rq->who || rq->who->role == ROLE_ROOT)
		return OK;
	s = find_quota(rq, &quota);
	if (s || !quota.requests_per_minute)
		return s;
	if (request_counts_add(rq->rs->requests, rq->tenant_id, minute) <=
	    quota.requests_per_minute)
		return OK;
	answer_header(rq, "Retry-After",
		      cx_printf(rq->cx, "%lld", (long long)(60 - now_ms / 1000 % 60)));
	return fail(rq->cx, LIMITED,
		    "the tenant's quota of %lld requests a minute is used up: try again later",
		    (long long)quota.requests_per_minute);
}
