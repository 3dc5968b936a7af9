/* SPDX-License-Identifier: Apache-2.0 */
/* vend.c - sessions made, kept and told. */
#include "vending/vend.h"

#include "common/text.h"
#include "vending/sts.h"

#define SESSION_S 3600 /* where the warehouse does not say */
#define WAIT_MS 8000   /* for a token service */
#define DOWN_MS 10000  /* a failure is remembered */
#define KEPT_DEPTH 4
#define KEY_MAX ((size_t)16 << 10)

/* What a kept session is found by: any of it differs, and it is another one. */
static const char *key_of(struct cx *cx, const struct vend_request *r)
{
	struct text t = text_open(cx, KEY_MAX);

	text_addf(&t, "session\n%s\n%s\n%u", r->warehouse, r->owner, r->scope->verbs);
	for (size_t i = 0; i < r->scope->n; i++)
		text_addf(&t, "\ns3://%s%s", r->scope->folders[i].authority,
			  r->scope->folders[i].path);
	return t.s;
}

/* --- kept ------------------------------------------------------------------------ */

static bool find_kept(struct cx *cx, struct vault *v, const char *key, struct sts_session *out)
{
	const char *text = vault_get(cx, v, key);
	struct json_object *o;

	if (!text || json_parse(cx, text, strlen(text), KEPT_DEPTH, &o))
		return false;
	out->access_key_id = json_text(o, "id");
	out->secret_access_key = json_text(o, "secret");
	out->session_token = json_text(o, "token");
	out->expires_ms = json_int(o, "expires", 0);
	return out->access_key_id && out->secret_access_key && out->session_token;
}

void vend_keep(struct cx *cx, struct vault *v, const struct vend_request *request,
	       const struct vended *fresh)
{
	struct json_object *o = json_new_object(cx);
	int64_t now_ms = cx_now_ms();

	json_set_text(o, "id", fresh->storage.access_key_id);
	json_set_text(o, "secret", fresh->storage.secret_access_key);
	json_set_text(o, "token", fresh->storage.session_token);
	json_set_int(o, "expires", fresh->ends_ms);
	vault_put(cx, v, key_of(cx, request), json_print(cx, o, NULL),
		  now_ms + (fresh->ends_ms - now_ms) / 2);
}

/* --- made ------------------------------------------------------------------------ */

/* With the listing where that fits, as the server packs it; else without. */
static enum status assume(struct cx *cx, struct cloud *c, const struct vend_request *r,
			  struct sts_session *out)
{
	struct sts_request request = { .storage = r->storage,
				       .who = r->who,
				       .duration_s = r->storage->session_s ? r->storage->session_s
									   : SESSION_S };
	enum status s = policy_text(cx, r->storage, r->scope, true, &request.policy);

	if (!s)
		s = sts_assume(cx, c, &request, out);
	if (s != TOO_LARGE)
		return s;
	s = policy_text(cx, r->storage, r->scope, false, &request.policy);
	return s ? s : sts_assume(cx, c, &request, out);
}

/* With a deadline of its own: the caller's request has other work to do. */
static enum status assume_soon(struct cx *cx, struct cloud *c, const struct vend_request *r,
			       struct sts_session *out)
{
	int64_t deadline_ms = cx->deadline_ms;
	enum status s;

	if (cx_left_ms(cx) > WAIT_MS)
		cx->deadline_ms = cx_monotonic_ms() + WAIT_MS;
	s = assume(cx, c, r, out);
	cx->deadline_ms = deadline_ms;
	return s;
}

static enum status make(struct cx *cx, struct cloud *c, struct vault *v,
			const struct vend_request *r, struct sts_session *out)
{
	const char *down = cx_printf(cx, "down\n%s", r->warehouse);
	const char *why = vault_get(cx, v, down);
	enum status s;

	if (why)
		return fail(cx, UNAVAILABLE, "%s", why);
	s = assume_soon(cx, c, r, out);
	if (s == UNAVAILABLE || s == DENIED)
		vault_put(cx, v, down, cx->message, cx_now_ms() + DOWN_MS);
	/* The caller's rights are not in question. */
	return s == DENIED ? fail(cx, UNAVAILABLE, "%s", cx_strdup(cx, cx->message)) : s;
}

/* --- told ------------------------------------------------------------------------ */

static void tell(struct cx *cx, const struct vend_request *r, const struct sts_session *s,
		 struct vended *out)
{
	struct json_object *o = json_new_object(cx);

	storage_client_config(r->storage, o);
	json_set_text(o, "s3.access-key-id", s->access_key_id);
	json_set_text(o, "s3.secret-access-key", s->secret_access_key);
	if (s->session_token)
		json_set_text(o, "s3.session-token", s->session_token);
	out->expires_ms = s->expires_ms;
	if (s->expires_ms && r->until_ms && r->until_ms < s->expires_ms)
		out->expires_ms = r->until_ms;
	if (out->expires_ms)
		json_set_text(o, "s3.session-token-expires-at-ms",
			      cx_printf(cx, "%lld", (long long)out->expires_ms));
	out->config = o;
	out->ends_ms = s->expires_ms;
	out->id = s->access_key_id;
	out->storage = *r->storage;
	out->storage.access_key_id = s->access_key_id;
	out->storage.secret_access_key = s->secret_access_key;
	out->storage.session_token = s->session_token;
}

static enum status vend_static(struct cx *cx, const struct vend_request *r, struct vended *out)
{
	const struct storage *s = r->storage;
	struct sts_session keys = { s->access_key_id, s->secret_access_key, s->session_token, 0 };

	if (s->vended_key_id)
		keys = (struct sts_session){ s->vended_key_id, s->vended_secret, NULL, 0 };
	if (!keys.access_key_id)
		return fail(cx, INVALID, "the warehouse has no keys to give");
	tell(cx, r, &keys, out);
	return OK;
}

static enum status vend_session(struct cx *cx, struct cloud *c, struct vault *v,
				const struct vend_request *r, struct vended *out)
{
	struct sts_session session = { 0 };
	enum status s = OK;

	if (!r->storage->access_key_id)
		return fail(cx, INVALID, "the warehouse has no keys to assume a role with");
	if (!r->storage->role_arn && storage_is_aws(r->storage))
		return fail(cx, INVALID, "s3.role-arn: missing");
	if (!find_kept(cx, v, key_of(cx, r), &session)) {
		s = make(cx, c, v, r, &session);
		if (s)
			return s;
		out->fresh = true;
	}
	tell(cx, r, &session, out);
	return OK;
}

enum status vend(struct cx *cx, struct cloud *c, struct vault *v,
		 const struct vend_request *request, struct vended *out)
{
	const struct storage *s = request->storage;

	*out = (struct vended){ 0 };
	if (!text_same(s->scheme, "s3"))
		return fail(cx, INVALID, "this server vends nothing for \"%s\" storage yet",
			    s->scheme);
	if (s->vending == VEND_STATIC)
		return vend_static(cx, request, out);
	if (s->vending == VEND_SESSION)
		return vend_session(cx, c, v, request, out);
	return fail(cx, INVALID, "the warehouse vends no credentials");
}
