/* SPDX-License-Identifier: Apache-2.0 */
/* signups.c - signups as lists of changes. */
#include "stores/signups.h"

#include "common/hmac.h"
#include "common/text.h"
#include "stores/audit.h"
#include "stores/mails.h"
#include "stores/principals.h"
#include "stores/tenants.h"

#define TOKEN_BYTES 32

enum status signup_allowed(struct cx *cx, struct store *st, const char *tenant_id,
			   struct setting *out)
{
	struct tenant t = { .row = ROW(tenant), .tenant_id = tenant_id };
	struct row *rows[] = { &t.row, &out->row };
	enum status s;

	*out = (struct setting){ .row = ROW(setting), .tenant_id = tenant_id };
	s = store_get_all(cx, st, rows, ARRAY_SIZE(rows));
	if (!s && (!t.row.version || !out->allow_public_signup))
		s = fail(cx, DENIED, "nobody signs up here: ask an administrator for an account");
	if (!s && t.read_only)
		s = fail(cx, UNAVAILABLE, "nothing can be changed for now: %s", t.read_only);
	return s;
}

/* A user of that name or address. */
static enum status is_known(struct cx *cx, struct store *st, const char *tenant_id,
			    const char *email, bool *known)
{
	struct user u = {
		.row = ROW(user), .tenant_id = tenant_id, .username = email, .email = email
	};
	struct query q = { .from = &u.row, .bound = 1, .where = { "email" }, .limit = 1 };
	struct row *row = &u.row;
	struct rows found;
	enum status s = store_list(cx, st, &q, &found);

	*known = !s && found.n;
	if (s || *known)
		return s;
	s = store_get_all(cx, st, &row, 1);
	*known = u.row.version != 0;
	return s;
}

static struct user *new_user(struct cx *cx, const char *tenant_id, const char *email,
			     const char *password_hash, bool active)
{
	struct user *u = CX_NEW(cx, struct user);

	*u = (struct user){ .tenant_id = tenant_id,
			    .username = email,
			    .email = email,
			    .password_hash = password_hash,
			    .role = "tenant-user",
			    .active = active };
	return u;
}

/* --- asking ------------------------------------------------------------------------------ */

static enum status leave_signup(struct cx *cx, struct store *st, const char *tenant_id,
				const char *email, const char *password_hash)
{
	unsigned char bytes[TOKEN_BYTES];
	struct signup v = { .row = ROW(signup),
			    .tenant_id = tenant_id,
			    .email = email,
			    .password_hash = password_hash,
			    .expires_ms = cx_now_ms() + SIGNUP_MS };
	struct change list[2] = { { INSERT, &v.row } };
	size_t n = 1;
	enum status s;

	text_random(bytes, sizeof(bytes));
	v.token = text_base64url(cx, bytes, sizeof(bytes));
	v.token_hash = sha256_hex(cx, v.token, strlen(v.token));
	s = mail_add(cx, st, tenant_id, MAIL_SIGNUP, v.token_hash, list, &n);
	return s ? s : store_apply(cx, st, list, n, NULL);
}

/* Something is written here too: how long it takes would else tell that there is an account. */
static enum status tell_known(struct cx *cx, struct store *st, const char *tenant_id,
			      const char *email, const struct audit *by)
{
	struct change list[2];
	size_t n = 0;
	enum status s = mail_add(cx, st, tenant_id, MAIL_SIGNUP_KNOWN, email, list, &n);

	list[n++] = (struct change){
		INSERT, &audit_new(cx, by, tenant_id, "signup_known", "user", NULL, email)->row
	};
	return s ? s : store_apply(cx, st, list, n, NULL);
}

static enum status make_user(struct cx *cx, struct store *st, struct user *u,
			     const struct audit *by)
{
	struct change list[4] = { tenant_touch(cx, u->tenant_id) };
	size_t n = 1;
	enum status s;

	user_add(cx, u, by, list, &n);
	s = store_apply(cx, st, list, n, NULL);
	return s == EXISTS ? OK : s; /* somebody asked at the same time */
}

enum status signup_ask(struct cx *cx, struct store *st, const struct setting *v, const char *email,
		       const char *password_hash, const struct audit *by)
{
	bool known;
	enum status s = is_known(cx, st, v->tenant_id, email, &known);

	if (s)
		return s;
	if (known)
		return tell_known(cx, st, v->tenant_id, email, by);
	if (v->smtp_host)
		return leave_signup(cx, st, v->tenant_id, email, password_hash);
	return make_user(cx, st, new_user(cx, v->tenant_id, email, password_hash, false), by);
}

/* --- confirming -------------------------------------------------------------------------- */

static enum status not_known(struct cx *cx)
{
	return fail(cx, NOT_FOUND, "this token is not known here, was used, or is too old");
}

enum status signup_find(struct cx *cx, struct store *st, const char *token, struct signup *out)
{
	enum status s;

	*out = (struct signup){ .row = ROW(signup),
				.token_hash = sha256_hex(cx, token, strlen(token)) };
	s = store_get(cx, st, &out->row);
	return s == NOT_FOUND || (!s && out->expires_ms < cx_now_ms()) ? not_known(cx) : s;
}

enum status signup_confirm(struct cx *cx, struct store *st, struct signup *v,
			   const struct audit *by, struct user *out)
{
	struct user *u = new_user(cx, v->tenant_id, v->email, v->password_hash, true);
	struct change list[5] = { { DELETE, &v->row }, tenant_touch(cx, v->tenant_id) };
	size_t n = 2;
	bool known;
	enum status s = is_known(cx, st, v->tenant_id, v->email, &known);

	if (s || known)
		return s ? s : not_known(cx);
	user_add(cx, u, by, list, &n);
	s = store_apply(cx, st, list, n, NULL);
	*out = *u;
	return s == EXISTS || s == CONFLICT ? not_known(cx) : s;
}
