/* SPDX-License-Identifier: Apache-2.0 */
/* external_users.c - from another server's claims to a user here. */
#include "fcgi/external.h"

#include "common/text.h"
#include "fcgi/actor.h"
#include "stores/identities.h"
#include "stores/principals.h"
#include "stores/roles.h"

#define TRIES 4
#define MAX_SUBJECT 200
#define MAX_NAME 255
#define MAX_VALUES 100 /* of a claim, each of them a role's name */

static enum status refuse(struct request *rq, const char *why)
{
	return fail(rq->cx, UNAUTHENTICATED, "%s", why);
}

/* --- claims --------------------------------------------------------------------------- */

/* "groups", "https://acme/roles", or "realm_access.roles" for a member of a member. */
static struct json_object *claim(struct json_object *claims, const char *name)
{
	const char *dot = strchr(name, '.');
	char head[64];

	if (json_has(claims, name))
		return json_member(claims, name);
	if (!dot || (size_t)(dot - name) >= sizeof(head))
		return NULL;
	memcpy(head, name, (size_t)(dot - name));
	head[dot - name] = '\0';
	claims = json_member(claims, head);
	return json_object_is_type(claims, json_type_object) ? claim(claims, dot + 1) : NULL;
}

static const char *claim_text(struct json_object *claims, const char *name)
{
	struct json_object *v = name ? claim(claims, name) : NULL;

	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

/* The address, where the provider says that it has seen it to be the user's. */
static const char *verified_email(struct json_object *claims)
{
	const char *email = json_text(claims, "email"), *at = email ? strchr(email, '@') : NULL;
	struct json_object *v = json_member(claims, "email_verified");
	bool verified = json_object_is_type(v, json_type_boolean)
				? json_object_get_boolean(v)
				: text_same(json_text(claims, "email_verified"), "true");

	if (!verified || !at || at == email || !at[1] || strchr(at + 1, '@') ||
	    strlen(email) > MAX_NAME)
		return NULL;
	for (const char *c = email; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return NULL;
	return email;
}

static bool in_domains(const char *email, const char *domains)
{
	return email && provider_lists(domains, strchr(email, '@') + 1);
}

/* The i-th value of a claim that is a text or a list of texts; NULL: no text, or past the end. */
static const char *value_at(struct json_object *v, size_t i)
{
	if (json_object_is_type(v, json_type_array))
		v = i < json_object_array_length(v) ? json_object_array_get_idx(v, i) : NULL;
	else if (i)
		return NULL;
	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

static size_t n_values(struct json_object *v)
{
	return json_object_is_type(v, json_type_array) ? json_object_array_length(v) : 1;
}

enum role external_role(const struct provider *p, struct json_object *claims)
{
	struct json_object *v = p->roles_claim ? claim(claims, p->roles_claim) : NULL;

	if (!p->roles_claim)
		return ROLE_NONE;
	for (size_t i = 0; i < n_values(v); i++) {
		const char *value = value_at(v, i);

		if (value && provider_lists(p->admin_values, value))
			return ROLE_TENANT_ADMIN;
	}
	return p->role;
}

/* What is being collected. */
struct giving {
	struct request *rq;
	const char *tenant_id;
	const char **ids;
	size_t n;
};

static enum status give(struct giving *g, const char *name)
{
	return *name ? roles_named(g->rq->cx, g->rq->rs->store, g->tenant_id, name, g->ids, &g->n)
		     : OK;
}

/* Every value is a role's name. */
static enum status give_each(struct giving *g, struct json_object *v)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < n_values(v) && i < MAX_VALUES && g->n < MAX_GIVEN_ROLES; i++) {
		const char *value = value_at(v, i);

		if (value && strlen(value) <= MAX_NAME)
			s = give(g, value);
	}
	return s;
}

static bool has_value(struct json_object *v, const char *word, size_t n)
{
	for (size_t i = 0; i < n_values(v); i++) {
		const char *value = value_at(v, i);

		if (value && strlen(value) == n && memcmp(value, word, n) == 0)
			return true;
	}
	return false;
}

/* Of "value=role,..." those whose value is there. */
static enum status give_mapped(struct giving *g, const char *map, struct json_object *v)
{
	enum status s = OK;

	while (!s && *map) {
		size_t n, value;

		map += strspn(map, ", ");
		n = strcspn(map, ",");
		value = strcspn(map, "=,");
		if (value < n && has_value(v, map, value))
			s = give(g, cx_strndup(g->rq->cx, map + value + 1, n - value - 1));
		map += n;
	}
	return s;
}

enum status external_roles(struct request *rq, const struct provider *p, struct json_object *claims,
			   const char *tenant_id, struct given_roles *out)
{
	struct giving g = { .rq = rq, .tenant_id = tenant_id };
	struct json_object *v = p->roles ? claim(claims, p->roles_claim) : NULL;
	enum status s;

	*out = (struct given_roles){ .n = 0 };
	if (!v)
		return OK;
	g.ids = cx_array(rq->cx, MAX_GIVEN_ROLES, sizeof(*g.ids));
	s = strcmp(p->roles, "*") == 0 ? give_each(&g, v) : give_mapped(&g, p->roles, v);
	*out = (struct given_roles){ g.ids, g.n };
	return s;
}

/* "acme=UUID,beta=UUID": what a value of the tenant's claim means; NULL: nothing. */
static const char *mapped(struct cx *cx, const char *map, const char *value)
{
	size_t len = strlen(value);

	while (map && *map) {
		size_t n;

		map += strspn(map, ", ");
		n = strcspn(map, ",");
		if (n > len && map[len] == '=' && memcmp(map, value, len) == 0)
			return cx_strndup(cx, map + len + 1, n - len - 1);
		map += n;
	}
	return NULL;
}

/* Where users of these claims belong; a claim that says nothing we know leads nowhere. */
static enum status tenant_of(struct request *rq, const struct provider *p,
			     struct json_object *claims, const char **out)
{
	const char *value = claim_text(claims, p->tenant_claim), *id = NULL;

	*out = p->tenant_id;
	if (!p->tenant_claim)
		return *out ? OK : refuse(rq, "this account belongs to no tenant here");
	if (value)
		id = p->tenants ? mapped(rq->cx, p->tenants, value) : value;
	if (!id || !text_is_uuid(id))
		return refuse(rq, "this account belongs to no tenant here");
	*out = id;
	return OK;
}

/* Who does this is the account itself: it is nobody here yet. */
static const struct audit *account(struct request *rq, const struct provider *p,
				   const char *subject)
{
	struct audit *a = CX_NEW(rq->cx, struct audit);

	*a = *request_actor(rq);
	a->username = cx_printf(rq->cx, "%s:%s", p->name, subject);
	return a;
}

/* --- a user --------------------------------------------------------------------------- */

static enum status known_user(struct request *rq, const struct provider *p,
			      struct json_object *claims, const char *subject, struct user *out)
{
	const char *tenant_id;
	enum status s = identity_find(rq->cx, rq->rs->store, p->name, subject, out);

	if (s || !p->tenant_claim)
		return s;
	s = tenant_of(rq, p, claims, &tenant_id);
	if (!s && strcmp(tenant_id, out->tenant_id) != 0)
		return refuse(rq, "this account's user is another tenant's");
	return s;
}

/* An account that is there already, where its address proves it is the same person's. */
static enum status linked_user(struct request *rq, const struct provider *p, const char *tenant_id,
			       const char *subject, const char *email, struct user *out)
{
	enum status s;

	if (!in_domains(email, rq->rs->external->providers.link_domains))
		return NOT_FOUND;
	s = identity_by_email(rq->cx, rq->rs->store, tenant_id, email, out);
	if (s)
		return s;
	if (!out->active) /* nor does a new account of the same address let him in */
		return refuse(rq, "this account's user is not active");
	if (out->oauth_subject)
		return NOT_FOUND;
	out->oauth_provider = p->name;
	out->oauth_subject = subject;
	return identity_link(rq->cx, rq->rs->store, out, account(rq, p, subject));
}

/* A name that nobody has: the provider's word for the user where it can be trusted. */
static enum status choose_name(struct request *rq, const struct provider *p,
			       struct json_object *claims, struct user *u)
{
	const char *name =
		p->username_claim ? claim_text(claims, p->username_claim) : verified_email(claims);
	struct user other;
	enum status s = NOT_FOUND;

	if (name && (!*name || strlen(name) > MAX_NAME))
		name = NULL;
	if (name)
		s = user_find(rq->cx, rq->rs->store, u->tenant_id, name, &other);
	if (s && s != NOT_FOUND)
		return s;
	u->username = name && s ? name : cx_printf(rq->cx, "%s:%s", p->name, u->oauth_subject);
	return OK;
}

static enum status new_user(struct request *rq, const struct provider *p,
			    struct json_object *claims, const char *tenant_id, const char *subject,
			    struct user *out)
{
	const char *email = verified_email(claims);
	enum role role = external_role(p, claims);
	enum status s;

	if (!p->create)
		return refuse(rq, "this account is not known here");
	*out = (struct user){ .tenant_id = tenant_id,
			      .oauth_provider = p->name,
			      .oauth_subject = subject,
			      .email = email,
			      .role = role_name(role == ROLE_NONE ? p->role : role) };
	s = choose_name(rq, p, claims, out);
	if (!s && !out->email)
		out->email = cx_printf(rq->cx, "%s@%s", subject, p->name);
	if (!s)
		s = identity_create(rq->cx, rq->rs->store, out, account(rq, p, subject));
	return s == NOT_FOUND ? refuse(rq, "this account's tenant is no more") : s;
}

static enum status find_or_make(struct request *rq, const struct provider *p,
				struct json_object *claims, const char *subject, struct user *out)
{
	const char *email = verified_email(claims), *tenant_id;
	enum status s = known_user(rq, p, claims, subject, out);

	if (s != NOT_FOUND)
		return s;
	s = tenant_of(rq, p, claims, &tenant_id);
	if (s)
		return s;
	s = linked_user(rq, p, tenant_id, subject, email, out);
	return s == NOT_FOUND ? new_user(rq, p, claims, tenant_id, subject, out) : s;
}

enum status external_user(struct request *rq, const struct provider *p, struct json_object *claims,
			  struct user *out)
{
	const char *subject = json_text(claims, "sub");
	enum status s = CONFLICT;

	if (!subject || !*subject || strlen(subject) > MAX_SUBJECT)
		return refuse(rq, "the token is not valid: it names no subject");
	if (p->email_domains && !in_domains(verified_email(claims), p->email_domains))
		return refuse(rq, "this account's e-mail address is of no domain that is let in");
	for (int i = 0; i < TRIES && (s == EXISTS || s == CONFLICT); i++)
		s = find_or_make(rq, p, claims, subject, out); /* again: two came at once */
	if (s == EXISTS || s == CONFLICT)
		return fail(rq->cx, UNAVAILABLE, "this account's user is being changed; try again");
	return s;
}
