/* SPDX-License-Identifier: Apache-2.0 */
/* refusals.c - failed logins and denials, counted. */
#include "fcgi/refusals.h"

#include <openssl/evp.h>

#include "common/log.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/meter.h"
#include "stores/audit.h"

#define PLACES 64
#define ID_BYTES 37
#define TRIES 3
#define MINUTE_MS 60000

/* A row this process wrote to: how often since, and when it does again. */
struct counter {
	char id[ID_BYTES];
	int64_t pending, next;
};

struct refusals {
	struct counter counters[PLACES];
};

struct refusals *refusals_open(void)
{
	struct refusals *r = calloc(1, sizeof(*r));

	if (!r)
		abort();
	return r;
}

void refusals_close(struct refusals *r)
{
	free(r);
}

/* A UUID made of the minute and of what the row stands for: every process finds the same. */
static const char *row_id(struct cx *cx, const struct audit *a, int64_t minute_ms)
{
	const char *key = cx_printf(cx, "%s|%s|%s|%s", a->tenant_id, a->username, a->action,
				    a->resource_name);
	unsigned char hash[EVP_MAX_MD_SIZE];
	const char *h;
	unsigned n;

	if (EVP_Digest(key, strlen(key), hash, &n, EVP_sha256(), NULL) != 1)
		abort(); /* out of memory is all that can fail */
	h = text_hex(cx, hash, 16);
	return cx_printf(cx, "%08llx-%04llx-8%.3s-8%.3s-%.12s", (unsigned long long)minute_ms >> 16,
			 (unsigned long long)minute_ms & 0xffff, h, h + 3, h + 6);
}

/* How many this process has to add to the row now; 0 = none yet. */
static int64_t due(struct refusals *r, const char *id)
{
	struct counter *c = &r->counters[strtoul(id + 24, NULL, 16) % PLACES];
	int64_t n;

	if (strcmp(c->id, id) != 0) {
		*c = (struct counter){ .next = 1 };
		snprintf(c->id, sizeof(c->id), "%s", id);
	}
	n = ++c->pending;
	if (n < c->next)
		return 0;
	c->pending = 0;
	c->next = 2 * c->next;
	return n;
}

static void set_count(struct cx *cx, struct audit *a, int64_t n)
{
	a->metadata = cx_printf(cx, "{\"count\":%lld}", (long long)n);
}

static int64_t count_of(struct cx *cx, const struct audit *a)
{
	struct json_object *v;

	if (!a->metadata || json_parse(cx, a->metadata, strlen(a->metadata), 4, &v))
		return 0;
	return json_int(v, "count", 0);
}

/* Inserts the row, or adds to it where it is there: of several processes one inserts. */
static enum status write_row(struct cx *cx, struct store *st, struct audit *a, int64_t n)
{
	struct audit present = { .row = ROW(audit), .tenant_id = a->tenant_id, .id = a->id };
	struct change list = { INSERT, &a->row };
	enum status s;

	set_count(cx, a, n);
	s = store_apply(cx, st, &list, 1, NULL);
	for (int i = 0; i < TRIES && (s == EXISTS || s == CONFLICT); i++) {
		s = store_get(cx, st, &present.row);
		if (s)
			return s;
		set_count(cx, &present, count_of(cx, &present) + n);
		list = (struct change){ UPDATE, &present.row };
		s = store_apply(cx, st, &list, 1, NULL);
	}
	return s;
}

void refusal_note(struct request *rq, const char *tenant_id, const char *username,
		  const char *action, const char *what)
{
	struct cx *cx = rq->cx;
	char why[sizeof(cx->message)];
	struct audit *a;
	int64_t n;

	memcpy(why, cx->message, sizeof(why));
	a = audit_new(cx, request_actor(rq), tenant_id, action, "user", NULL, what);
	a->username = username;
	a->result = "failure";
	a->error_message = cx_strdup(cx, why);
	a->id = row_id(cx, a, a->timestamp / MINUTE_MS * MINUTE_MS);
	n = due(rq->rs->refusals, a->id);
	if (n && write_row(cx, rq->rs->store, a, n)) {
		meter_add(rq->rs->meter, COUNT_AUDIT_FAILURES, 1);
		log_event(LOG_WARNING_, action, rq->request_id, "not on record (%s): %s",
			  cx->message, why);
	}
	memcpy(cx->message, why, sizeof(why));
}
