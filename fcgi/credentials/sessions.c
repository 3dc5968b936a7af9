/* SPDX-License-Identifier: Apache-2.0 */
/* sessions.c - tokens that are there: lists, rotation, revocation, and what is past its time. */
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/people.h"
#include "fcgi/credentials/credentials.h"
#include "stores/drop.h"
#include "stores/principals.h"

#define ROTATED_TTL_S 86400
#define CLEANUP_PAGE DROP_MAX_ROWS

/* --- lists ------------------------------------------------------------------------- */

/* The token's text is kept nowhere: only its maker saw it. */
static struct json_object *token_json(struct cx *cx, const struct token *t)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "id", t->token_id);
	json_set_text(o, "token_id", t->token_id);
	json_set_text(o, "tenant_id", *t->tenant_id ? t->tenant_id : NULL);
	json_set_text(o, "user_id", t->user_id);
	json_set_text(o, "username", t->username);
	json_set_text(o, "created_at", text_time(cx, t->created_at));
	json_set_text(o, "expires_at", text_time(cx, t->expires_at));
	json_set_bool(o, "is_valid", true);
	return o;
}

static enum status show_tokens(struct request *rq, const char *tenant_id, const char *user_id,
			       struct rows *rows)
{
	struct json_object *array = json_new_array(rq->cx);
	const struct token *t;
	size_t skip = 0, limit = SIZE_MAX;
	enum status s = admin_page(rq, &skip, &limit);

	if (!s)
		s = token_list(rq->cx, rq->rs->store, tenant_id, user_id, rows);
	if (s)
		return s;
	t = rows->items;
	for (size_t i = skip; i < rows->n && i - skip < limit; i++)
		json_add(array, token_json(rq->cx, &t[i]));
	return answer_json(rq, 200, array);
}

enum status list_my_tokens(struct request *rq)
{
	struct rows rows;

	return show_tokens(rq, rq->who->tenant_id, rq->who->id, &rows);
}

/* Where users, service users and programs with that id have tokens, or could have. */
static enum status find_owner(struct request *rq, const char *tenant_id, void *out)
{
	struct cx *cx = rq->cx;
	struct store *st = rq->rs->store;
	const char *id = rq->segments[0];
	struct service_user su;
	struct rows rows;
	struct user u;
	enum status s = token_list(cx, st, tenant_id, id, &rows);

	*(const char **)out = tenant_id;
	if (s || rows.n)
		return s;
	s = user_find_id(cx, st, tenant_id, id, &u);
	if (s == NOT_FOUND)
		s = service_user_find(cx, st, tenant_id, id, &su);
	return s == NOT_FOUND ? fail(cx, s, "no user \"%s\"", id) : s;
}

enum status list_tokens_of(struct request *rq)
{
	const char *tenant_id;
	struct rows rows;
	enum status s = people_find(rq, &tenant_id, find_owner);

	return s ? s : show_tokens(rq, tenant_id, rq->segments[0], &rows);
}

/* --- rotation ------------------------------------------------------------------------ */

enum status rotate_token(struct request *rq)
{
	const struct principal *who = rq->who;
	struct change list[3];
	int64_t ttl_s = ROTATED_TTL_S;
	struct issued t;
	enum status s;

	if (!who->token_id)
		return fail(rq->cx, INVALID, "only a token of this server can be rotated");
	token_ttl(who, &ttl_s);
	list[0] = login_record(rq, who, "generate_token");
	s = token_end(rq->cx, rq->rs->store, who->tenant_id, who->token_id, &list[1]);
	if (!s)
		s = auth_issue(rq->cx, rq->rs, who, ttl_s, list, ARRAY_SIZE(list), &t);
	if (s == NOT_FOUND || s == CONFLICT)
		return fail(rq->cx, UNAUTHENTICATED, "the token has been revoked");
	if (s)
		return s;
	auth_forget(rq->rs);
	return show_token(rq, &t, who->tenant_id);
}

/* --- revocation ---------------------------------------------------------------------- */

/* {"reason"} goes on record; a request without a body has none. */
static enum status read_reason(struct request *rq, const struct audit **by)
{
	const char *reason = NULL;
	struct json_object *o;
	struct audit *a;
	enum status s = request_json(rq, true);

	if (!s)
		s = json_opt_text(rq->cx, rq->json, "", "reason", &reason);
	*by = request_actor(rq);
	if (s || !reason)
		return s;
	a = CX_NEW(rq->cx, struct audit);
	*a = **by;
	o = json_new_object(rq->cx);
	json_set_text(o, "reason", reason);
	a->metadata = json_print(rq->cx, o, NULL);
	*by = a;
	return OK;
}

static enum status say_message(struct request *rq, const char *message)
{
	struct json_object *o = json_new_object(rq->cx);

	json_set_text(o, "message", message);
	return answer_json(rq, 200, o);
}

enum status revoke_my_token(struct request *rq)
{
	const struct principal *who = rq->who;
	const struct audit *by;
	enum status s = read_reason(rq, &by);

	if (s)
		return s;
	if (!who->token_id)
		return fail(rq->cx, INVALID, "this request came without a token of this server");
	s = token_revoke(rq->cx, rq->rs->store, who->tenant_id, who->token_id, "revoke_token", by);
	if (s && s != NOT_FOUND)
		return s;
	auth_forget(rq->rs);
	return say_message(rq, "Token revoked successfully");
}

static enum status find_token(struct request *rq, const char *tenant_id, void *out)
{
	struct token *t = out;

	*t = (struct token){ .row = ROW(token),
			     .tenant_id = tenant_id,
			     .token_id = rq->segments[0] };
	return store_get(rq->cx, rq->rs->store, &t->row);
}

/* One's own, or any of the tenant for its administrators. */
static bool may_revoke(const struct request *rq, const struct token *t)
{
	struct object o = { .kind = *t->tenant_id ? ON_TENANT : ON_SERVER,
			    .tenant_id = t->tenant_id };

	return text_same(t->user_id, rq->who->id) || access_may(rq->who, MAY_ADMIN, &o);
}

static enum status end_token(struct request *rq, const struct audit *by)
{
	struct token t;
	enum status s = people_find(rq, &t, find_token);

	if (s == NOT_FOUND || (!s && !may_revoke(rq, &t)))
		return fail(rq->cx, NOT_FOUND, "no such token");
	if (!s)
		s = token_revoke(rq->cx, rq->rs->store, t.tenant_id, t.token_id, "revoke_token",
				 by);
	if (!s)
		auth_forget(rq->rs);
	return s;
}

enum status revoke_token(struct request *rq)
{
	const struct audit *by;
	enum status s = read_reason(rq, &by);

	if (!s)
		s = end_token(rq, by);
	return s ? s : say_message(rq, "Token revoked successfully");
}

enum status delete_token(struct request *rq)
{
	enum status s = end_token(rq, request_actor(rq));

	return s ? s : answer_empty(rq, 204);
}

/* --- what is past its time ------------------------------------------------------------- */

static enum status count_expired(struct request *rq, const char *tenant_id, int64_t now_ms,
				 int64_t *count)
{
	struct token from = { .row = ROW(token), .tenant_id = tenant_id };
	struct query q = { .from = &from.row, .bound = 1, .limit = CLEANUP_PAGE };
	const struct token *t;
	struct rows page;
	enum status s;

	*count = 0;
	do {
		s = store_list(rq->cx, rq->rs->store, &q, &page);
		if (s)
			return s;
		t = page.items;
		for (size_t i = 0; i < page.n; i++, t++) {
			*count += t->expires_at < now_ms;
			q.after = &t->row;
		}
	} while (page.n == CLEANUP_PAGE);
	return OK;
}

/* Root's are the server's own, unless it names a tenant. */
enum status cleanup_tokens(struct request *rq)
{
	bool of_tenant = *rq->who->tenant_id || request_header(rq, "x-pangolin-tenant");
	const char *tenant_id = of_tenant ? rq->tenant_id : "";
	struct json_object *o = json_new_object(rq->cx);
	int64_t now_ms = cx_now_ms(), count;
	bool done = false;
	enum status s = count_expired(rq, tenant_id, now_ms, &count);

	while (!s && !done)
		s = drop_expired(rq->cx, rq->rs->store, &kind_token, "expires_at", tenant_id,
				 now_ms, CLEANUP_PAGE, &done);
	if (s)
		return s;
	json_set_text(o, "message", "Expired tokens removed");
	json_set_int(o, "count", count);
	return answer_json(rq, 200, o);
}
