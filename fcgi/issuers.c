/* SPDX-License-Identifier: Apache-2.0 */
/* issuers.c - other issuers' endpoints and keys.  Source: OpenID Connect Discovery 1.0, 4. */
#include "fcgi/issuers.h"

#include <unistd.h>

#include "common/log.h"
#include "common/text.h"

#define MAX_ANSWER ((size_t)128 * 1024)
#define JSON_DEPTH 16
#define FRESH_MS (10 * INT64_C(60000))
#define STALE_MS (24 * INT64_C(3600000))
#define AGAIN_MS 60000
#define FETCH_MS 6000 /* for both documents */
#define WAIT_MS 1000  /* for another process's */
#define POLL_MS 100

/* What this process has of one issuer. */
struct known_issuer {
	struct cx cx;	       /* of what follows */
	struct jwt_keys *keys; /* NULL: nothing yet */
	const char *endpoints;
	int64_t read_ms;
};

struct issuers {
	const struct providers *providers;
	struct http_limits limits;
	struct http *http;	    /* NULL until something is fetched */
	struct known_issuer *known; /* [providers->n] */
};

struct issuers *issuers_open(const struct providers *providers, const struct http_limits *limits)
{
	struct issuers *i = calloc(1, sizeof(*i));

	if (!i)
		abort();
	i->providers = providers;
	i->limits = *limits;
	i->known = calloc(providers->n + 1, sizeof(*i->known));
	if (!i->known)
		abort();
	return i;
}

void issuers_close(struct issuers *i)
{
	for (size_t k = 0; k < i->providers->n; k++)
		cx_free(&i->known[k].cx);
	if (i->http)
		http_close(i->http);
	free(i->known);
	free(i);
}

/* --- fetching -------------------------------------------------------------------------- */

enum status issuers_fetch(struct cx *cx, struct issuers *i, struct http_request *r,
			  enum json_type type, struct json_object **out)
{
	if (!i->http)
		i->http = http_open(&i->limits);
	r->max_answer = MAX_ANSWER;
	http_perform(cx, i->http, r, 1);
	if (r->result)
		return fail(cx, UNAVAILABLE, "%s: %s", r->url, r->problem);
	if (r->code != 200)
		return fail(cx, INVALID, "%s answered %d", r->url, r->code);
	if (json_parse(cx, r->answer, r->n_answer, JSON_DEPTH, out) ||
	    !json_object_is_type(*out, type))
		return fail(cx, INVALID, "%s gave no JSON %s", r->url, json_type_to_name(type));
	return OK;
}

static enum status get(struct cx *cx, struct issuers *i, const char *url, struct json_object **out)
{
	struct http_request r = { .method = "GET", .url = url };

	return issuers_fetch(cx, i, &r, json_type_object, out);
}

/* Endpoints that could be overheard are no endpoints. */
static enum status check_endpoints(struct cx *cx, struct json_object *document)
{
	static const char *const names[] = { "authorization_endpoint", "token_endpoint",
					     "jwks_uri" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *url = json_text(document, names[i]);

		if (url && !provider_url_is_safe(url))
			return fail(cx, INVALID, "its %s is no https:// URL", names[i]);
	}
	if (!json_text(document, "jwks_uri"))
		return fail(cx, INVALID, "it names no jwks_uri");
	return OK;
}

static enum status fetch(struct cx *cx, struct issuers *i, const struct provider *p,
			 struct issuer *row)
{
	size_t n = strlen(p->issuer);
	const char *slash = n && p->issuer[n - 1] == '/' ? "" : "/";
	struct json_object *document, *jwks;
	struct jwt_keys *keys;
	enum status s;

	s = get(cx, i, cx_printf(cx, "%s%s.well-known/openid-configuration", p->issuer, slash),
		&document);
	if (!s && !text_same(json_text(document, "issuer"), p->issuer))
		s = fail(cx, INVALID, "it says it is another issuer");
	if (!s)
		s = check_endpoints(cx, document);
	if (!s)
		s = get(cx, i, json_text(document, "jwks_uri"), &jwks);
	if (s)
		return s;
	row->endpoints = json_print(cx, document, NULL);
	row->jwks = json_print(cx, jwks, NULL);
	return jwt_keys_foreign(cx, row->jwks, strlen(row->jwks), "its JWKS", &keys);
}

/* Within its own time: a silent issuer must not take a request's all. */
static enum status fetch_in_time(struct cx *cx, struct issuers *i, const struct provider *p,
				 struct issuer *row)
{
	int64_t before = cx->deadline_ms, end = cx_monotonic_ms() + FETCH_MS;
	enum status s;

	if (!before || end < before)
		cx->deadline_ms = end;
	s = fetch(cx, i, p, row);
	cx->deadline_ms = before;
	if (s)
		log_event(LOG_WARNING_, "issuer_unreadable", NULL, "%s: %s", p->issuer,
			  cx->message);
	return s;
}

/* --- what is known ----------------------------------------------------------------------- */

static struct known_issuer *known_of(struct issuers *i, const struct provider *p)
{
	return &i->known[p - i->providers->items];
}

/* What the row says, where it is newer than what this process has. */
static void take(struct known_issuer *k, const struct issuer *row)
{
	struct known_issuer fresh = { .read_ms = row->read_ms };

	if (!row->row.version || !row->jwks || row->read_ms <= k->read_ms)
		return;
	if (jwt_keys_foreign(&fresh.cx, row->jwks, strlen(row->jwks), "jwks", &fresh.keys)) {
		cx_free(&fresh.cx);
		return;
	}
	fresh.endpoints = cx_strdup(&fresh.cx, row->endpoints);
	cx_free(&k->cx);
	*k = fresh;
}

static bool is_young(const struct known_issuer *k, const char *kid, int64_t age_ms)
{
	return k->keys && cx_now_ms() - k->read_ms < age_ms &&
	       (!kid || jwt_keys_know(k->keys, kid));
}

/* Of all processes one fetches; *mine tells whether it is this one. */
static enum status claim(struct cx *cx, struct store *st, struct issuer *row, bool *mine)
{
	struct change c = { row->row.version ? UPDATE : INSERT, &row->row };
	enum status s;

	row->tried_ms = cx_now_ms();
	s = store_apply(cx, st, &c, 1, NULL);
	*mine = s == OK;
	return s == EXISTS || s == CONFLICT ? OK : s;
}

static bool is_underway(const struct issuer *row)
{
	return row->read_ms < row->tried_ms && cx_now_ms() - row->tried_ms < FETCH_MS;
}

/* Another process is at it: its answer comes by the store.  UNAVAILABLE: not soon, and a silent
 * issuer must not hold every process that its tokens come to. */
static enum status await(struct cx *cx, struct store *st, const struct provider *p,
			 struct issuer *row, struct known_issuer *k)
{
	int64_t end = cx_monotonic_ms() + WAIT_MS;
	struct row *rows[] = { &row->row };
	enum status s = OK;

	while (!s && is_underway(row) && cx_monotonic_ms() < end && cx_left_ms(cx) > POLL_MS) {
		usleep(POLL_MS * 1000);
		s = store_get_all(cx, st, rows, 1);
	}
	if (!s)
		take(k, row);
	if (!s && is_underway(row))
		s = fail(cx, UNAVAILABLE, "the issuer of %s is being asked for its keys; try again",
			 p->name);
	return s;
}

static enum status renew(struct cx *cx, struct issuers *i, struct store *st,
			 const struct provider *p, struct issuer *row)
{
	struct change c = { UPDATE, &row->row };
	enum status s;

	if (fetch_in_time(cx, i, p, row))
		return OK; /* what was known before goes on, for a while */
	row->read_ms = cx_now_ms();
	s = store_apply(cx, st, &c, 1, NULL);
	if (!s)
		take(known_of(i, p), row);
	return s == CONFLICT ? OK : s;
}

/* Sees to it that what is known is as fresh as it can be. */
static enum status look(struct cx *cx, struct issuers *i, struct store *st,
			const struct provider *p, const char *kid)
{
	struct known_issuer *k = known_of(i, p);
	struct issuer row = { .row = ROW(issuer), .issuer = p->issuer };
	struct row *rows[] = { &row.row };
	bool mine = false;
	enum status s = OK;

	if (is_young(k, kid, FRESH_MS))
		return OK;
	s = store_get_all(cx, st, rows, 1);
	if (s)
		return s;
	take(k, &row);
	if (is_young(k, kid, FRESH_MS))
		return OK;
	if (cx_now_ms() - row.tried_ms >= AGAIN_MS)
		s = claim(cx, st, &row, &mine);
	if (mine)
		return renew(cx, i, st, p, &row);
	return s || is_young(k, kid, STALE_MS) ? s : await(cx, st, p, &row, k);
}

static enum status look_or_fail(struct cx *cx, struct issuers *i, struct store *st,
				const struct provider *p, const char *kid)
{
	const struct known_issuer *k = known_of(i, p);
	enum status s = look(cx, i, st, p, kid);

	if (s)
		return s;
	if (!is_young(k, NULL, STALE_MS))
		return fail(cx, UNAVAILABLE, "the issuer of %s can't be reached", p->name);
	return OK;
}

enum status issuers_keys(struct cx *cx, struct issuers *i, struct store *st,
			 const struct provider *p, const char *kid, const struct jwt_keys **out)
{
	enum status s = look_or_fail(cx, i, st, p, kid);

	*out = known_of(i, p)->keys;
	return s;
}

enum status issuers_endpoints(struct cx *cx, struct issuers *i, struct store *st,
			      const struct provider *p, struct json_object **out)
{
	const char *text;
	enum status s = look_or_fail(cx, i, st, p, NULL);

	if (s)
		return s;
	text = known_of(i, p)->endpoints;
	return json_parse(cx, text, strlen(text), JSON_DEPTH, out);
}
