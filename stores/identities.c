/* SPDX-License-Identifier: Apache-2.0 */
/* identities.c - users who log in elsewhere. */
#include "stores/identities.h"

#include "common/text.h"
#include "stores/audit.h"
#include "stores/tenants.h"

static struct oauth_identity *identity_row(struct cx *cx, const char *provider, const char *subject)
{
	struct oauth_identity *i = CX_NEW(cx, struct oauth_identity);

	*i = (struct oauth_identity){ .row = ROW(oauth_identity),
				      .provider = provider,
				      .subject = subject };
	return i;
}

static enum status read_row(struct cx *cx, struct store *st, struct row *row)
{
	return store_get_all(cx, st, &row, 1);
}

/* The user that a row which was read stands for; *there: he is, and his tenant. */
static enum status read_user(struct cx *cx, struct store *st, const struct oauth_identity *i,
			     struct user *out, bool *there)
{
	struct tenant t = { .row = ROW(tenant), .tenant_id = i->tenant_id };
	struct row *rows[] = { &out->row, &t.row };
	enum status s;

	*there = false;
	if (!i->row.version)
		return OK;
	*out = (struct user){ .row = ROW(user),
			      .tenant_id = i->tenant_id,
			      .username = i->username };
	s = store_get_all(cx, st, rows, ARRAY_SIZE(rows));
	*there = !s && out->row.version && t.row.version && text_same(out->id, i->user_id);
	return s;
}

enum status identity_find(struct cx *cx, struct store *st, const char *provider,
			  const char *subject, struct user *out)
{
	struct oauth_identity *i = identity_row(cx, provider, subject);
	enum status s = read_row(cx, st, &i->row);
	bool there = false;

	if (!s)
		s = read_user(cx, st, i, out, &there);
	if (s)
		return s;
	return there ? OK : fail(cx, NOT_FOUND, "this account is not known here");
}

/* One that stands for a user who is gone is written over; for one who is there, it stays his. */
static enum status put(struct cx *cx, struct store *st, struct change user, const char *action,
		       const struct audit *by)
{
	const struct user *u = (const struct user *)user.row;
	struct oauth_identity *i = identity_row(cx, u->oauth_provider, u->oauth_subject);
	struct audit *a = audit_new(cx, by, u->tenant_id, action, "user", u->id, u->username);
	struct user holder;
	bool held = false;
	enum status s = read_row(cx, st, &i->row);

	if (!s)
		s = read_user(cx, st, i, &holder, &held);
	if (s)
		return s;
	if (held)
		return fail(cx, EXISTS, "this account is user \"%s\" already", holder.username);
	i->tenant_id = u->tenant_id;
	i->username = u->username;
	i->user_id = u->id;
	struct change list[] = {
		user,
		{ i->row.version ? UPDATE : INSERT, &i->row },
		epoch_touch(cx, u->tenant_id),
		{ INSERT, &a->row },
		tenant_touch(cx, u->tenant_id),
	};
	return store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
}

enum status identity_create(struct cx *cx, struct store *st, struct user *u, const struct audit *by)
{
	u->row = (struct row)ROW(user);
	u->id = text_uuid4(cx);
	u->active = true;
	u->created_at = u->updated_at = cx_now_ms();
	return put(cx, st, (struct change){ INSERT, &u->row }, "create_user", by);
}

enum status identity_link(struct cx *cx, struct store *st, struct user *u, const struct audit *by)
{
	u->updated_at = cx_now_ms();
	return put(cx, st, (struct change){ UPDATE, &u->row }, "update_user", by);
}

enum status identity_removal(struct cx *cx, struct store *st, const struct user *u,
			     struct change *out, bool *there)
{
	struct oauth_identity *i;
	enum status s;

	*there = false;
	if (!u->oauth_provider || !u->oauth_subject)
		return OK;
	i = identity_row(cx, u->oauth_provider, u->oauth_subject);
	s = read_row(cx, st, &i->row);
	*there = !s && i->row.version && text_same(i->user_id, u->id);
	*out = (struct change){ DELETE, &i->row };
	return s;
}

enum status identity_by_email(struct cx *cx, struct store *st, const char *tenant_id,
			      const char *email, struct user *out)
{
	struct user key = { .row = ROW(user), .tenant_id = tenant_id, .email = email };
	struct query q = { .from = &key.row, .bound = 1, .where = { "email" }, .limit = 2 };
	struct rows rows;
	enum status s = store_list(cx, st, &q, &rows);

	if (s)
		return s;
	if (rows.n != 1)
		return fail(cx, NOT_FOUND, "no single user has this address");
	*out = *(struct user *)rows.items;
	return OK;
}
