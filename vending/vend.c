/* SPDX-License-Identifier: Apache-2.0 */
/* vend.c - sessions made, kept and told. */
#include "vending/vend.h"

#include "common/hmac.h"
#include "common/text.h"
#include "vending/session.h"

#define SESSION_S 3600 /* where the warehouse does not say */
#define WAIT_MS 8000   /* for a token service */
#define DOWN_MS 10000  /* a failure is remembered */
#define KEPT_DEPTH 4
#define KEY_MAX ((size_t)16 << 10)
#define NAME_DIGITS 20

static const struct session_ops *const clouds[] = { &s3_sessions, &azure_sessions,
						    &google_sessions };

static enum status ops_of(struct cx *cx, const struct storage *s, const struct session_ops **out)
{
	for (size_t i = 0; i < ARRAY_SIZE(clouds); i++)
		if (text_same(clouds[i]->scheme, s->scheme)) {
			*out = clouds[i];
			return OK;
		}
	return fail(cx, INVALID, "this server vends nothing for \"%s\" storage", s->scheme);
}

int64_t session_ms(const struct vend_request *r)
{
	return (r->storage->session_s ? r->storage->session_s : SESSION_S) * 1000;
}

const char *session_name_of(struct cx *cx, const char *token)
{
	return cx_printf(cx, "%.*s", NAME_DIGITS, sha256_hex(cx, token, strlen(token)));
}

/* What a kept session is found by: any of it differs, and it is another one. */
static const char *key_of(struct cx *cx, const struct vend_request *r)
{
	struct text t = text_open(cx, KEY_MAX);

	text_addf(&t, "session\n%s\n%s\n%u", r->warehouse, r->owner, r->scope->verbs);
	for (size_t i = 0; i < r->scope->n; i++)
		text_addf(&t, "\n%s://%s%s", r->scope->folders[i].scheme,
			  r->scope->folders[i].authority, r->scope->folders[i].path);
	return t.s;
}

/* --- kept ------------------------------------------------------------------------ */

static bool find_kept(struct cx *cx, struct vault *v, const char *key, struct session *out)
{
	const char *text = vault_get(cx, v, key);
	struct json_object *o, *tokens;

	if (!text || json_parse(cx, text, strlen(text), KEPT_DEPTH, &o))
		return false;
	out->id = json_text(o, "id");
	out->secret = json_text(o, "secret");
	out->expires_ms = json_int(o, "expires", 0);
	tokens = json_member(o, "tokens");
	if (!json_object_is_type(tokens, json_type_array))
		return false;
	for (size_t i = 0; i < VEND_FOLDERS_MAX && i < json_object_array_length(tokens); i++)
		out->tokens[i] = json_object_get_string(json_object_array_get_idx(tokens, i));
	return out->id && out->tokens[0];
}

void vend_keep(struct cx *cx, struct vault *v, const struct vend_request *request,
	       const struct vended *fresh)
{
	struct json_object *o = json_new_object(cx), *tokens = json_new_array(cx);
	const struct session *s = fresh->session;
	int64_t now_ms = cx_now_ms();

	json_set_text(o, "id", s->id);
	json_set_text(o, "secret", s->secret);
	json_set_int(o, "expires", s->expires_ms);
	for (size_t i = 0; i < VEND_FOLDERS_MAX && s->tokens[i]; i++)
		json_add_text(tokens, s->tokens[i]);
	json_set(o, "tokens", tokens);
	vault_put(cx, v, key_of(cx, request), json_print(cx, o, NULL),
		  now_ms + (s->expires_ms - now_ms) / 2);
}

/* --- made ------------------------------------------------------------------------ */

/* With a deadline of its own: the caller's request has other work to do. */
static enum status make_soon(struct cx *cx, struct cloud *c, const struct session_ops *ops,
			     const struct vend_request *r, struct session *out)
{
	int64_t deadline_ms = cx->deadline_ms;
	enum status s;

	if (cx_left_ms(cx) > WAIT_MS)
		cx->deadline_ms = cx_monotonic_ms() + WAIT_MS;
	s = ops->make(cx, c, r, out);
	cx->deadline_ms = deadline_ms;
	return s;
}

static enum status make(struct cx *cx, struct cloud *c, struct vault *v,
			const struct session_ops *ops, const struct vend_request *r,
			struct session *out)
{
	const char *down = cx_printf(cx, "down\n%s", r->warehouse);
	const char *why = vault_get(cx, v, down);
	enum status s;

	if (why)
		return fail(cx, UNAVAILABLE, "%s", why);
	s = make_soon(cx, c, ops, r, out);
	if (s == UNAVAILABLE || s == DENIED)
		vault_put(cx, v, down, cx->message, cx_now_ms() + DOWN_MS);
	/* The caller's rights are not in question. */
	return s == DENIED ? fail(cx, UNAVAILABLE, "%s", cx_strdup(cx, cx->message)) : s;
}

/* --- told ------------------------------------------------------------------------ */

static int64_t earlier(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

static void tell(struct cx *cx, const struct session_ops *ops, const struct vend_request *r,
		 const struct session *s, struct vended *out)
{
	out->expires_ms = s->expires_ms ? earlier(s->expires_ms, r->until_ms) : 0;
	for (size_t i = 0; i < r->scope->n; i++) {
		out->configs[i] = json_new_object(cx);
		storage_client_config(r->storage, out->configs[i]);
		ops->tell(cx, r, s, i, out->expires_ms, out->configs[i]);
	}
	out->id = s->id;
	out->refresh = ops->refresh;
	out->session = s;
	out->storage = *r->storage;
	ops->use(s, &out->storage);
}

enum status vend(struct cx *cx, struct cloud *c, struct vault *v,
		 const struct vend_request *request, struct vended *out)
{
	struct session *session = CX_NEW(cx, struct session);
	const struct session_ops *ops = NULL;
	enum status s = ops_of(cx, request->storage, &ops);

	*out = (struct vended){ 0 };
	if (s)
		return s;
	if (request->storage->vending == VEND_STATIC) {
		s = ops->own(cx, request, session);
	} else if (request->storage->vending != VEND_SESSION) {
		return fail(cx, INVALID, "the warehouse vends no credentials");
	} else if (!find_kept(cx, v, key_of(cx, request), session)) {
		*session = (struct session){ 0 };
		s = make(cx, c, v, ops, request, session);
		out->fresh = !s;
	}
	if (!s)
		tell(cx, ops, request, session, out);
	return s;
}
