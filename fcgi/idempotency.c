/* SPDX-License-Identifier: Apache-2.0 */
/* idempotency.c - one effect a key, whoever comes first. */
#include "fcgi/idempotency.h"

#include <ctype.h>

#include "common/hmac.h"
#include "common/text.h"
#include "fcgi/resolve.h"
#include "fcgi/server.h"

#define GRACE_MS 60000 /* for what was on its way when the lifetime ended */
#define MAX_ENV 256
#define MAX_ADDRESS ((size_t)64 * 1024)

static bool is_uuid7(const char *s)
{
	return text_is_uuid(s) && s[14] == '7' && strchr("89abAB", s[19]);
}

enum status idempotency_open(struct request *rq)
{
	const char *given = NULL;
	char *key;

	if (rq->route->flags & IDEMPOTENT)
		given = request_header(rq, "idempotency-key");
	if (!given)
		return OK;
	if (!is_uuid7(given))
		return fail(rq->cx, INVALID, "Idempotency-Key: not a version 7 UUID");
	key = cx_strdup(rq->cx, given);
	for (char *c = key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	rq->key = CX_NEW(rq->cx, struct idempotency_key);
	rq->key->key = key;
	return OK;
}

/* --- which request a key stands for ------------------------------------------------ */

/* Of everything that makes two requests the same: each part with its length. */
static const char *request_hash(const struct request *rq)
{
	char body[SHA256_HEX + 1];
	struct text t = text_open(rq->cx, MAX_ADDRESS);

	snprintf(body, sizeof(body), "%s", sha256_hex(rq->cx, rq->body, rq->body_len));
	text_addf(&t, "%d/%zu:%s", rq->who->kind, strlen(rq->key->principal), rq->key->principal);
	text_addf(&t, "/%s/%zu:%s/%s", rq->key->operation, strlen(rq->query), rq->query, body);
	for (size_t i = 0; i < rq->n_segments; i++)
		text_addf(&t, "/%zu:%s", strlen(rq->segments[i]), rq->segments[i]);
	return sha256_hex(rq->cx, t.s, t.len);
}

/* Fills the row of the request as it would be kept; `version` and key columns stay. */
static void describe(struct request *rq)
{
	struct idempotency_key *k = rq->key;
	int64_t now = cx_now_ms();

	k->operation = cx_printf(rq->cx, "%s %s", rq->route->method, rq->route->pattern);
	k->principal = rq->who->id ? rq->who->id : rq->who->name ? rq->who->name : "";
	k->request_hash = request_hash(rq);
	k->http = 0;
	k->error_type = k->answer = NULL;
	k->made_ms = now;
	k->expires_ms = now + rq->rs->config->idempotency_ttl_s * 1000 + GRACE_MS;
}

/* --- replays ------------------------------------------------------------------------- */

static enum status replay(struct request *rq, const char *hash)
{
	const struct idempotency_key *k = rq->key;

	rq->answer = (struct answer){ 0 };
	rq->error_type = NULL;
	if (!text_same(k->request_hash, hash)) {
		rq->answer.http = 422;
		rq->error_type = "UnprocessableEntityException";
		return fail(rq->cx, INVALID,
			    "Idempotency-Key %s was sent before with another request: each "
			    "request needs a key of its own",
			    k->key);
	}
	answer_header(rq, "Idempotent-Replayed", "true");
	if (k->http) {
		rq->answer.http = (int)k->http;
		rq->error_type = k->error_type;
		return fail(rq->cx, INVALID, "%s", k->answer ? k->answer : "");
	}
	return rq->route->replay ? rq->route->replay(rq) : answer_empty(rq, 204);
}

/* Another process was faster with the key: what has it left? */
static enum status replay_other(struct request *rq, const char *hash)
{
	enum status s = store_get_all(rq->cx, rq->rs->store, (struct row *[]){ &rq->key->row }, 1);

	if (!s && !rq->key->row.version)
		s = fail(rq->cx, UNAVAILABLE, "the same request is under way: try again");
	return s ? s : replay(rq, hash);
}

/* --- the first time --------------------------------------------------------------------- */

/* Refusals that the same request would meet again, whoever sends it when. */
static bool is_final(int http)
{
	return http >= 400 && http < 500 && http != 401 && http != 403 && http != 408 &&
	       http != 419 && http != 429;
}

/* The request is over and had no effect: its key is kept alone. */
static enum status keep_alone(struct request *rq, struct change change, enum status s)
{
	struct idempotency_key *k = rq->key;
	const char *hash = k->request_hash, *message = cx_strdup(rq->cx, rq->cx->message);
	enum status kept;

	if (s) {
		k->http = failure_http(rq, s);
		k->error_type = failure_type(rq, s);
		k->answer = message;
	}
	kept = store_apply(rq->cx, rq->rs->store, &change, 1, NULL);
	if (kept == EXISTS || kept == CONFLICT)
		return replay_other(rq, hash);
	return s ? fail(rq->cx, s, "%s", message) : OK; /* kept or not, it is the right answer */
}

static enum status first_time(struct request *rq)
{
	struct store *st = rq->rs->store;
	const char *hash = rq->key->request_hash;
	struct rider rider = { .change = { rq->key->row.version ? UPDATE : INSERT,
					   &rq->key->row } };
	enum status s;

	st->rider = &rider;
	s = rq->route->handler(rq);
	st->rider = NULL;
	if (rider.met)
		return replay_other(rq, hash);
	if (rider.spent || (s && !is_final(failure_http(rq, s))))
		return s;
	return keep_alone(rq, rider.change, s);
}

enum status idempotency_handle(struct request *rq)
{
	struct idempotency_key found;
	const char *hash;

	if (!rq->key || rq->route->replay == rq->route->handler)
		return rq->route->handler(rq);
	found = *rq->key;
	describe(rq);
	if (!found.row.version || found.expires_ms < cx_now_ms())
		return first_time(rq);
	hash = rq->key->request_hash;
	*rq->key = found;
	return replay(rq, hash);
}

/* --- what replays answer with -------------------------------------------------------------- */

/* Without what would make the GET answer something else than a body. */
static const char *const *env_of_get(struct request *rq, bool delegation)
{
	const char **env = cx_array(rq->cx, MAX_ENV + 1, sizeof(*env));
	size_t n = 0;

	for (const char *const *e = rq->env; e && *e && n < MAX_ENV; e++)
		if (!text_starts(*e, "HTTP_IF_NONE_MATCH=") &&
		    (delegation || !text_starts(*e, "HTTP_X_ICEBERG_ACCESS_DELEGATION=")))
			env[n++] = *e;
	return env;
}

enum status answer_as_get(struct request *rq, const char *path, bool delegation)
{
	struct request get = *rq;
	enum status s;

	get.method = "GET";
	get.path = path;
	get.env = env_of_get(rq, delegation);
	get.body = "";
	get.body_len = 0;
	get.json = NULL;
	get.key = NULL;
	get.resolved = NULL;
	s = route_find(&get, rq->rs->tables, rq->rs->n_tables);
	if (!s)
		s = resolve(&get);
	if (!s)
		s = allow(&get);
	if (!s)
		s = get.route->handler(&get);
	rq->route = get.route;
	rq->answer = get.answer;
	rq->error_type = get.error_type;
	return s;
}

enum status replay_as_get(struct request *rq)
{
	return answer_as_get(rq, rq->path, false);
}

enum status replay_made(struct request *rq, const char *list, const char *name)
{
	struct text t = text_open(rq->cx, MAX_ADDRESS);
	const char *last = strrchr(rq->path, '/');

	text_addn(&t, rq->path, list ? (size_t)(last - rq->path) + 1 : strlen(rq->path));
	text_add(&t, list ? list : "");
	text_addc(&t, '/');
	text_add_percent(&t, name, strlen(name), false);
	return answer_as_get(rq, t.s, true);
}
