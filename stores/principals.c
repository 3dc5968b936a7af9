/* SPDX-License-Identifier: Apache-2.0 */
/* principals.c - users, service users, API keys and tokens as lists of changes. */
#include "stores/principals.h"

#include <openssl/evp.h>

#include "common/text.h"
#include "stores/audit.h"
#include "stores/jobs.h"
#include "stores/identities.h"
#include "stores/tenants.h"

#define KEY_ID_CHARACTERS 12
#define KEY_SECRET_CHARACTERS 48

/* A list that changes who may do what: the tenant's epoch and the record come with it. */
struct change_list {
	struct change changes[8];
	size_t n;
};

static void add(struct change_list *l, enum change_op op, struct row *row)
{
	l->changes[l->n++] = (struct change){ op, row };
}

static void add_touch(struct change_list *l, struct change touch)
{
	l->changes[l->n++] = touch;
}

static void add_record(struct cx *cx, struct change_list *l, const struct audit *by,
		       const char *tenant_id, const char *action, const char *type, const char *id,
		       const char *name)
{
	add(l, INSERT, &audit_new(cx, by, tenant_id, action, type, id, name)->row);
}

/* Puts something into a tenant: the tenant must be there. */
static enum status apply_new(struct cx *cx, struct store *st, struct change_list *l,
			     const char *tenant_id, const char *what, const char *name)
{
	enum status s;

	if (*tenant_id)
		add_touch(l, tenant_touch(cx, tenant_id));
	s = store_apply(cx, st, l->changes, l->n, NULL);
	if (s == EXISTS)
		return fail(cx, s, "a %s \"%s\" exists already", what, name);
	return s == CONFLICT ? fail(cx, NOT_FOUND, "no tenant \"%s\"", tenant_id) : s;
}

static enum status apply_change(struct cx *cx, struct store *st, struct change_list *l,
				const char *what, const char *name)
{
	enum status s = store_apply(cx, st, l->changes, l->n, NULL);

	return s == CONFLICT ? fail(cx, s, "%s \"%s\" was changed meanwhile", what, name) : s;
}

/* --- users -------------------------------------------------------------------- */

enum status user_find(struct cx *cx, struct store *st, const char *tenant_id, const char *username,
		      struct user *out)
{
	*out = (struct user){ .row = ROW(user), .tenant_id = tenant_id, .username = username };
	return store_get(cx, st, &out->row);
}

enum status user_find_id(struct cx *cx, struct store *st, const char *tenant_id, const char *id,
			 struct user *out)
{
	struct user key = { .row = ROW(user), .tenant_id = tenant_id, .id = id };
	struct query q = { .from = &key.row, .bound = 1, .where = { "id" }, .limit = 1 };
	struct rows rows;
	enum status s;

	s = store_list(cx, st, &q, &rows);
	if (s)
		return s;
	if (!rows.n)
		return fail(cx, NOT_FOUND, "no user \"%s\"", id);
	*out = *(struct user *)rows.items;
	return OK;
}

static void user_record(struct cx *cx, struct change_list *l, const struct audit *by,
			const char *action, const struct user *u)
{
	add_touch(l, epoch_touch(cx, u->tenant_id));
	add_record(cx, l, by, u->tenant_id, action, "user", u->id, u->username);
}

void user_add(struct cx *cx, struct user *u, const struct audit *by, struct change *list, size_t *n)
{
	struct change_list l = { .n = 0 };

	u->row = (struct row)ROW(user);
	if (!u->id)
		u->id = text_uuid4(cx);
	u->created_at = u->updated_at = cx_now_ms();
	add(&l, INSERT, &u->row);
	user_record(cx, &l, by, "create_user", u);
	memcpy(&list[*n], l.changes, l.n * sizeof(*list));
	*n += l.n;
}

enum status user_create(struct cx *cx, struct store *st, struct user *u, const struct audit *by)
{
	struct change_list l = { .n = 0 };

	u->active = true;
	user_add(cx, u, by, l.changes, &l.n);
	return apply_new(cx, st, &l, u->tenant_id, "user", u->username);
}

enum status user_update(struct cx *cx, struct store *st, struct user *u, const struct audit *by)
{
	struct change_list l = { .n = 0 };

	u->updated_at = cx_now_ms();
	add(&l, UPDATE, &u->row);
	user_record(cx, &l, by, "update_user", u);
	return apply_change(cx, st, &l, "user", u->username);
}

enum status user_delete(struct cx *cx, struct store *st, struct user *u, const struct audit *by)
{
	struct change_list l = { .n = 0 };
	bool there;
	enum status s = identity_removal(cx, st, u, &l.changes[0], &there);

	if (s)
		return s;
	l.n = there;
	add(&l, DELETE, &u->row);
	add(&l, INSERT, &job_drop_grants(cx, u->tenant_id, u->id, NULL)->row);
	user_record(cx, &l, by, "delete_user", u);
	return apply_change(cx, st, &l, "user", u->username);
}

/* --- API keys -------------------------------------------------------------------- */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
#define N_LETTERS (sizeof(letters) - 1)

static void add_letters(struct text *t, size_t n)
{
	while (n) {
		unsigned char c;

		text_random(&c, 1);
		if (c >= 256 / N_LETTERS * N_LETTERS) /* or the first letters came more often */
			continue;
		text_addc(t, letters[c % N_LETTERS]);
		n--;
	}
}

const char *api_key_new(struct cx *cx)
{
	struct text t = text_open(cx, 100);

	text_add(&t, "pgl_");
	add_letters(&t, KEY_ID_CHARACTERS);
	text_addc(&t, '_');
	add_letters(&t, KEY_SECRET_CHARACTERS);
	return t.s;
}

bool api_key_is_sane(const char *text)
{
	if (!text_starts(text, "pgl_") || strspn(text + 4, letters) != KEY_ID_CHARACTERS)
		return false;
	text += 4 + KEY_ID_CHARACTERS;
	return *text == '_' && strspn(text + 1, letters) == KEY_SECRET_CHARACTERS &&
	       !text[1 + KEY_SECRET_CHARACTERS];
}

const char *api_key_hash(struct cx *cx, const char *text)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n;

	if (EVP_Digest(text, strlen(text), hash, &n, EVP_sha256(), NULL) != 1)
		abort(); /* out of memory is all that can fail */
	return text_hex(cx, hash, n);
}

static struct api_key *key_row(struct cx *cx, const struct service_user *su, const char *hash)
{
	struct api_key *k = CX_NEW(cx, struct api_key);

	*k = (struct api_key){ .row = ROW(api_key),
			       .key_hash = hash,
			       .tenant_id = su->tenant_id,
			       .service_user_id = su->id };
	return k;
}

enum status api_key_find(struct cx *cx, struct store *st, const char *text, struct api_key *out)
{
	enum status s;

	if (!api_key_is_sane(text))
		return fail(cx, NOT_FOUND, "this is no API key");
	*out = (struct api_key){ .row = ROW(api_key), .key_hash = api_key_hash(cx, text) };
	s = store_get(cx, st, &out->row);
	return s == NOT_FOUND ? fail(cx, s, "no such API key") : s;
}

/* --- service users ------------------------------------------------------------- */

enum status service_user_find(struct cx *cx, struct store *st, const char *tenant_id,
			      const char *id, struct service_user *out)
{
	*out = (struct service_user){ .row = ROW(service_user), .tenant_id = tenant_id, .id = id };
	return store_get(cx, st, &out->row);
}

static void service_record(struct cx *cx, struct change_list *l, const struct audit *by,
			   const char *action, const struct service_user *su)
{
	add_touch(l, epoch_touch(cx, su->tenant_id));
	add_record(cx, l, by, su->tenant_id, action, "service_user", su->id, su->name);
}

enum status service_user_create(struct cx *cx, struct store *st, struct service_user *su,
				const struct audit *by, const char **api_key)
{
	struct change_list l = { .n = 0 };

	su->row = (struct row)ROW(service_user);
	if (!su->id)
		su->id = text_uuid4(cx);
	su->active = true;
	su->created_at = cx_now_ms();
	*api_key = api_key_new(cx);
	su->api_key_hash = api_key_hash(cx, *api_key);
	add(&l, INSERT, &su->row);
	add(&l, INSERT, &key_row(cx, su, su->api_key_hash)->row);
	service_record(cx, &l, by, "create_service_user", su);
	return apply_new(cx, st, &l, su->tenant_id, "service user", su->id);
}

/* Adds the removal of the service user's present key, where it has one. */
static enum status add_key_removal(struct cx *cx, struct store *st, struct change_list *l,
				   const struct service_user *su)
{
	struct api_key *k;
	struct row *row;
	enum status s;

	if (!su->api_key_hash)
		return OK;
	k = key_row(cx, su, su->api_key_hash);
	row = &k->row;
	s = store_get_all(cx, st, &row, 1);
	if (!s && row->version)
		add(l, DELETE, row);
	return s;
}

enum status service_user_rotate(struct cx *cx, struct store *st, struct service_user *su,
				const struct audit *by, const char **api_key)
{
	struct change_list l = { .n = 0 };
	enum status s;

	s = add_key_removal(cx, st, &l, su);
	if (s)
		return s;
	*api_key = api_key_new(cx);
	su->api_key_hash = api_key_hash(cx, *api_key);
	add(&l, UPDATE, &su->row);
	add(&l, INSERT, &key_row(cx, su, su->api_key_hash)->row);
	service_record(cx, &l, by, "rotate_api_key", su);
	return apply_change(cx, st, &l, "service user", su->id);
}

enum status service_user_update(struct cx *cx, struct store *st, struct service_user *su,
				const struct audit *by)
{
	struct change_list l = { .n = 0 };

	add(&l, UPDATE, &su->row);
	service_record(cx, &l, by, "update_service_user", su);
	return apply_change(cx, st, &l, "service user", su->id);
}

enum status service_user_delete(struct cx *cx, struct store *st, struct service_user *su,
				const struct audit *by)
{
	struct change_list l = { .n = 0 };
	enum status s;

	s = add_key_removal(cx, st, &l, su);
	if (s)
		return s;
	add(&l, DELETE, &su->row);
	add(&l, INSERT, &job_drop_grants(cx, su->tenant_id, su->id, NULL)->row);
	service_record(cx, &l, by, "delete_service_user", su);
	return apply_change(cx, st, &l, "service user", su->id);
}

/* --- tokens ---------------------------------------------------------------------- */

static enum status token_find(struct cx *cx, struct store *st, const char *tenant_id,
			      const char *token_id, struct token *out)
{
	enum status s;

	*out = (struct token){ .row = ROW(token), .tenant_id = tenant_id, .token_id = token_id };
	s = store_get(cx, st, &out->row);
	return s == NOT_FOUND ? fail(cx, s, "no such token") : s;
}

enum status token_revoke(struct cx *cx, struct store *st, const char *tenant_id,
			 const char *token_id, const char *action, const struct audit *by)
{
	struct change_list l = { .n = 0 };
	struct token t;
	enum status s = token_find(cx, st, tenant_id, token_id, &t);

	if (s)
		return s;
	add(&l, DELETE, &t.row);
	add_touch(&l, epoch_touch(cx, tenant_id));
	add_record(cx, &l, by, tenant_id, action, "token", token_id, t.username);
	s = store_apply(cx, st, l.changes, l.n, NULL);
	return s == CONFLICT ? fail(cx, NOT_FOUND, "the token has ended already") : s;
}

enum status token_end(struct cx *cx, struct store *st, const char *tenant_id, const char *token_id,
		      struct change out[2])
{
	struct token *t = CX_NEW(cx, struct token);

	out[0] = (struct change){ DELETE, &t->row };
	out[1] = epoch_touch(cx, tenant_id);
	return token_find(cx, st, tenant_id, token_id, t);
}

static enum status tokens_of(struct cx *cx, struct store *st, const char *tenant_id,
			     const char *user_id, struct rows *out)
{
	struct token key = { .row = ROW(token), .tenant_id = tenant_id, .user_id = user_id };
	struct query q = {
		.from = &key.row, .bound = 1, .where = { "user_id" }, .limit = TOKENS_LISTED
	};

	return store_list(cx, st, &q, out);
}

static int longest_first(const void *a, const void *b)
{
	const struct token *x = a, *y = b;

	return (x->expires_at < y->expires_at) - (x->expires_at > y->expires_at);
}

enum status token_list(struct cx *cx, struct store *st, const char *tenant_id, const char *user_id,
		       struct rows *out)
{
	struct token *tokens;
	int64_t now = cx_now_ms();
	size_t n = 0;
	enum status s = tokens_of(cx, st, tenant_id, user_id, out);

	if (s || !out->n)
		return s;
	tokens = out->items;
	for (size_t i = 0; i < out->n; i++)
		if (tokens[i].expires_at > now)
			tokens[n++] = tokens[i];
	out->n = n;
	qsort(tokens, n, sizeof(*tokens), longest_first);
	return OK;
}

/* --- a changed password ------------------------------------------------------------ */

/* One list: these tokens end, and what else is in `l` holds. */
static enum status end_tokens(struct cx *cx, struct store *st, const struct rows *rows,
			      const char *keep, const struct change_list *l)
{
	struct token *tokens = rows->items;
	struct change *all = cx_array(cx, rows->n + l->n, sizeof(*all));
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++)
		if (!text_same(tokens[i].token_id, keep))
			all[n++] = (struct change){ DELETE, &tokens[i].row };
	memcpy(&all[n], l->changes, l->n * sizeof(*all));
	return store_apply(cx, st, all, n + l->n, NULL);
}

/* Reads the user's tokens.  More than one list ends go first: a process that dies meanwhile has
 * changed no password, so nobody takes the rest to be over. */
static enum status end_surplus(struct cx *cx, struct store *st, const struct user *u,
			       const char *keep, const struct audit *by, struct rows *left)
{
	enum status s = tokens_of(cx, st, u->tenant_id, u->id, left);

	while (!s && left->n == TOKENS_LISTED) {
		struct change_list l = { .n = 0 };

		user_record(cx, &l, by, "end_tokens", u);
		s = end_tokens(cx, st, left, keep, &l);
		if (!s)
			s = tokens_of(cx, st, u->tenant_id, u->id, left);
	}
	return s;
}

enum status user_change_password(struct cx *cx, struct store *st, struct user *u, const char *keep,
				 const struct audit *by)
{
	struct change_list l = { .n = 0 };
	struct rows tokens;
	enum status s = end_surplus(cx, st, u, keep, by, &tokens);

	if (!s) {
		u->updated_at = cx_now_ms();
		add(&l, UPDATE, &u->row);
		user_record(cx, &l, by, "update_user", u);
		s = end_tokens(cx, st, &tokens, keep, &l);
	}
	return s == CONFLICT ? fail(cx, s, "user \"%s\" was changed meanwhile", u->username) : s;
}
