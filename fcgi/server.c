/* SPDX-License-Identifier: Apache-2.0 */
/* server.c - the straight line of a request, and the process around it. */
#include "fcgi/server.h"

#include <time.h>

#include "common/default_storage.h"
#include "common/harden.h"
#include "common/log.h"
#include "fcgi/auth.h"
#include "fcgi/counts.h"
#include "fcgi/decide.h"
#include "fcgi/external.h"
#include "fcgi/federate.h"
#include "fcgi/gateway.h"
#include "fcgi/idempotency.h"
#include "fcgi/meter.h"
#include "fcgi/quota.h"
#include "fcgi/refusals.h"
#include "fcgi/resolve.h"
#include "stores/content.h"

#define START_TIMEOUT_MS 10000

struct service {
	struct responder rs;
	struct gateway *gateway;
};

/* --- one request ------------------------------------------------------------ */

/* Who is refused is on record. */
enum status allow(struct request *rq)
{
	enum status s = decide(rq, rq->route->action, &rq->object);

	if (!s && rq->route->objects)
		s = rq->route->objects(rq, decide);
	if (rq->who && (s == DENIED || s == NOT_FOUND))
		refusal_note(rq, rq->who->tenant_id, rq->who->name, "permission_denied",
			     rq->route->pattern);
	return s;
}

static enum status read_body(struct service *sv, struct request *rq)
{
	const struct config *c = sv->rs.config;
	enum status s = gateway_read(sv->gateway, rq, c->max_body_bytes, c->body_timeout_ms);

	rq->cx->deadline_ms = cx_monotonic_ms() + c->request_timeout_ms;
	return s;
}

/* Who calls, and about what; nothing is read for a caller without credential.  A
 * public route does not look at one: a stale token must not keep anyone from logging in. */
static enum status identify(struct request *rq)
{
	enum status s, limited;

	if (rq->route->action == PUBLIC)
		return OK;
	s = authenticate(rq);
	if (s == UNAVAILABLE)
		meter_add(rq->rs->meter, COUNT_REVOCATION_ERRORS, 1);
	if (s)
		return s;
	if (!rq->who)
		return fail(rq->cx, UNAUTHENTICATED, "a credential is needed");
	s = idempotency_open(rq);
	if (!s)
		s = resolve(rq);
	if (s && s != NOT_FOUND)
		return s;
	limited = quota_spend(rq); /* also of requests on what is not there */
	return limited ? limited : s;
}

/* The straight line: every request takes these steps in this order. */
static enum status handle(struct service *sv, struct request *rq)
{
	enum status s;

	s = request_open(rq);
	if (!s)
		s = read_body(sv, rq);
	if (!s)
		s = route_find(rq, sv->rs.tables, sv->rs.n_tables);
	if (s && rq->answer.http == 405 && strcmp(rq->method, "OPTIONS") == 0)
		return answer_empty(rq, 204);
	if (!s)
		s = identify(rq);
	if (!s)
		s = allow(rq);
	if (!s)
		s = federate_applies(rq) ? federate(rq) : idempotency_handle(rq);
	if (!s && !rq->answer.http)
		s = fail(rq->cx, INTERNAL, "the route %s has no answer", rq->route->pattern);
	return s;
}

static void answer(struct service *sv, struct request *rq)
{
	bool body = strcmp(rq->method, "HEAD") != 0;
	const char *head;
	size_t n;

	answer_common(rq);
	head = answer_head(rq, &n);
	gateway_send(sv->gateway, head, n, rq->answer.parts, body ? rq->answer.n_parts : 0,
		     sv->rs.config->request_timeout_ms);
}

static int64_t monotonic_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void count(const struct request *rq, const struct counts *before, int64_t start_us)
{
	struct counts now = counts_now(rq->rs);

	meter_add(rq->rs->meter, COUNT_CACHE_HITS, now.hits - before->hits);
	meter_add(rq->rs->meter, COUNT_CACHE_MISSES, now.misses - before->misses);
	meter_request(rq->rs->meter, rq, monotonic_us() - start_us);
}

static void serve_request(struct service *sv, struct cx *cx, const char *const *env)
{
	struct request rq = { .cx = cx, .rs = &sv->rs, .env = env };
	struct counts before = counts_now(&sv->rs);
	int64_t start_us = monotonic_us();
	enum status s = handle(sv, &rq);

	if (s)
		answer_failure(&rq, s);
	if (sv->rs.config->counts)
		counts_show(&rq, &before);
	answer(sv, &rq);
	count(&rq, &before, start_us);
	gateway_finish(sv->gateway); /* what the request was sent with goes */
	sv->rs.served++;
}

/* --- the process ------------------------------------------------------------ */

static const char *storage_key_path(struct cx *cx, const struct config *c, unsigned needs)
{
	if (!(needs & NEED_STORAGE_KEY))
		return NULL;
	if (c->storage_key)
		return "$PANGOLIN_STORAGE_KEY";
	if (!c->keys_dir)
		return NULL;
	return cx_printf(cx, "%s/storage.key", c->keys_dir);
}

static enum status open_vault(struct cx *cx, struct responder *rs)
{
	const char *folder = NULL;

	if (rs->config->runtime_dir)
		folder = cx_printf(cx, "%s/vended-%s", rs->config->runtime_dir, rs->family);
	return vault_open(cx, folder, rs->store->seal, &rs->vault);
}

/* Behind a web server that starts a process a request there is no pool to keep free. */
static enum status open_slots(struct cx *cx, struct responder *rs)
{
	const char *folder = NULL;

	if (rs->config->runtime_dir && !gateway_is_cgi())
		folder = cx_printf(cx, "%s/slots-%s", rs->config->runtime_dir, rs->family);
	return slots_open(cx, folder, &rs->slots);
}

static enum status open_requests(struct cx *cx, struct responder *rs)
{
	const char *path = NULL;

	if (rs->config->runtime_dir)
		path = cx_printf(cx, "%s/requests", rs->config->runtime_dir);
	return request_counts_open(cx, path, &rs->requests);
}

static enum status open_cloud(struct cx *cx, struct responder *rs)
{
	struct cloud_limits limits = cloud_limits_of(rs->config);

	limits.vault = rs->vault;
	limits.slots = rs->slots;
	return cloud_open(cx, &limits, &rs->cloud);
}

/* Who reads metadata now and then keeps none. */
static enum status open_cache(struct cx *cx, struct responder *rs, bool kept)
{
	const char *folder = NULL;

	if (kept && rs->config->runtime_dir)
		folder = cx_printf(cx, "%s/cache-%s", rs->config->runtime_dir, rs->family);
	return cache_open(cx, folder, rs->config->cache_bytes, &rs->cache);
}

/* An operator's mistake shows at the start. */
static enum status open_default_storage(struct cx *cx, struct responder *rs)
{
	struct warehouse *w = CX_NEW(cx, struct warehouse);
	struct storage storage;
	enum status s = default_storage_read(cx, rs->config->default_storage, w);

	if (!s)
		s = storage_of(cx, w, &storage);
	rs->store->fallback = w;
	return s;
}

static enum status start(struct cx *cx, struct responder *rs, unsigned needs)
{
	struct config *c = CX_NEW(cx, struct config);
	enum status s;

	rs->config = c;
	s = config_read(cx, c);
	if (s)
		return s;
	cx->deadline_ms = cx_monotonic_ms() + START_TIMEOUT_MS;
	s = store_open(cx, c->database_url, storage_key_path(cx, c, needs), false, &rs->store);
	if (!s && c->default_storage)
		s = open_default_storage(cx, rs);
	rs->content = content_open();
	rs->refusals = refusals_open();
	rs->meter = meter_open(c->runtime_dir, rs->family);
	if (!s)
		s = open_slots(cx, rs);
	if (!s)
		s = open_requests(cx, rs);
	if (!s && needs & NEED_CLOUD)
		s = open_vault(cx, rs);
	if (!s && needs & NEED_CLOUD)
		s = open_cloud(cx, rs);
	if (!s)
		s = open_cache(cx, rs, needs & NEED_CACHE);
	if (!s)
		s = auth_open(cx, rs, needs & NEED_IDENTITY_KEY);
	if (!s)
		s = external_open(cx, rs, needs & NEED_IDENTITY_KEY);
	cx->deadline_ms = 0;
	return s;
}

static void announce(const struct responder *rs)
{
	if (rs->config->no_auth)
		log_event(LOG_WARNING_, "no_auth", NULL,
			  "PANGOLIN_NO_AUTH: everyone %s administers the default tenant",
			  rs->config->no_auth_anywhere ? "who can reach this server"
						       : "on this machine");
	if (store_is_ephemeral(rs->store))
		log_event(LOG_WARNING_, "ephemeral", NULL,
			  "the store is in memory: everything is lost when the machine stops");
}

static void stop(struct responder *rs)
{
	if (rs->external)
		external_close(rs);
	if (rs->identities)
		auth_close(rs);
	if (rs->refusals)
		refusals_close(rs->refusals);
	meter_close(rs->meter);
	if (rs->content)
		content_close(rs->content);
	if (rs->cache)
		cache_close(rs->cache);
	if (rs->cloud)
		cloud_close(rs->cloud);
	if (rs->vault)
		vault_close(rs->vault);
	slots_close(rs->slots);
	request_counts_close(rs->requests);
	if (rs->store)
		store_close(rs->store);
}

static void serve_all(struct service *sv)
{
	int64_t max = sv->rs.config->max_requests;
	struct cx cx = { 0 };
	const char *const *env;

	while ((env = gateway_accept(sv->gateway))) {
		serve_request(sv, &cx, env);
		cx_reset(&cx);
		if (sv->rs.ending || (max && sv->rs.served >= (uint64_t)max))
			break;
	}
	cx_free(&cx);
}

int serve(const char *family, unsigned needs, const struct route_table *const *tables, size_t n)
{
	struct service sv = { .rs = { .family = family, .tables = tables, .n_tables = n } };
	struct cx life = { 0 };
	enum status s;

	harden_process();
	sv.gateway = gateway_open(&life);
	s = start(&life, &sv.rs, needs);
	if (s) {
		log_event(LOG_ERROR_, "start_failed", NULL, "pangolin-%s: %s", family,
			  life.message);
	} else {
		announce(&sv.rs);
		serve_all(&sv);
	}
	stop(&sv.rs);
	cx_free(&life);
	return s == OK ? 0 : s == INVALID ? 2 : 1;
}
