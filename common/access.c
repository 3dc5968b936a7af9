/* SPDX-License-Identifier: Apache-2.0 */
/* access.c - the decision: by role, then by grants; a tenant is a wall. */
#include "common/access.h"

#include <ctype.h>

#include "common/text.h"

#define LEVEL_SEPARATOR '\x1f'

static const struct {
	const char *word; /* without separators */
	enum role role;
} words[] = {
	{ "root", ROLE_ROOT },		{ "tenantadmin", ROLE_TENANT_ADMIN },
	{ "admin", ROLE_TENANT_ADMIN }, { "tenantuser", ROLE_TENANT_USER },
	{ "user", ROLE_TENANT_USER },
};

enum role role_parse(const char *text)
{
	char word[16];
	size_t n = 0;

	for (; text && *text; text++) {
		if (*text == '-' || *text == '_' || *text == ' ')
			continue;
		if (n == sizeof(word) - 1)
			return ROLE_NONE;
		word[n++] = (char)tolower((unsigned char)*text);
	}
	word[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].role;
	return ROLE_NONE;
}

const char *role_name(enum role role)
{
	switch (role) {
	case ROLE_ROOT:
		return "root";
	case ROLE_TENANT_ADMIN:
		return "tenant-admin";
	case ROLE_TENANT_USER:
		return "tenant-user";
	default:
		return "none";
	}
}

/* --- grants ----------------------------------------------------------------------- */

/* What a grant on the object, or on what it lies in, can be on: one after the other. */
struct key {
	enum grant_scope scope;
	const char *catalog_id, *text;
	size_t n;
	size_t tag; /* the next one */
	bool started;
};

static bool next_level(struct key *k, const struct object *o)
{
	const char *rest = o->namespace + k->n;

	if (o->kind < ON_NAMESPACE || !o->namespace || (k->n && !*rest))
		return false;
	if (k->n)
		rest++;
	k->text = o->namespace;
	k->n = (size_t)(rest - o->namespace) + strcspn(rest, "\x1f");
	return k->n != 0;
}

static bool next_tag(struct key *k, const struct object *o)
{
	if (o->kind != ON_ASSET || !o->tags || !o->tags[k->tag])
		return false;
	*k =
		(struct key){ SCOPE_TAG,  "",  o->tags[k->tag], strlen(o->tags[k->tag]),
			      k->tag + 1, true };
	return true;
}

static bool next_asset(struct key *k, const struct object *o)
{
	if (o->kind != ON_ASSET || !o->asset_id)
		return next_tag(k, o);
	*k = (struct key){ SCOPE_ASSET, "", o->asset_id, strlen(o->asset_id), 0, true };
	return true;
}

static bool next_key(struct key *k, const struct object *o)
{
	if (!k->started) {
		*k = (struct key){ SCOPE_TENANT, "", "", 0, 0, true };
		return true;
	}
	switch (k->scope) {
	case SCOPE_TENANT:
		*k = (struct key){ SCOPE_CATALOG, o->catalog_id, "", 0, 0, true };
		return o->kind >= ON_CATALOG && o->catalog_id;
	case SCOPE_CATALOG:
		k->scope = SCOPE_NAMESPACE;
		return next_level(k, o) || next_asset(k, o);
	case SCOPE_NAMESPACE:
		return next_level(k, o) || next_asset(k, o);
	default:
		return next_tag(k, o);
	}
}

/* All rights on the object.  With `right`: stops at the grant that gives it, and says which. */
static unsigned rights_on(const struct grants *g, const struct object *o, unsigned right,
			  const struct grant **by)
{
	struct key k = { .started = false };
	unsigned held = 0;

	while (g && next_key(&k, o)) {
		const struct grant *one = grants_find(g, k.scope, k.catalog_id, k.text, k.n);

		for (; one; one = grants_next(g, one)) {
			held |= rights_implied(one->rights);
			if (held & right) {
				*by = one;
				return held;
			}
		}
	}
	return held;
}

unsigned access_right(enum action action)
{
	switch (action) {
	case MAY_LIST:
		return RIGHT_LIST;
	case MAY_READ:
		return RIGHT_READ;
	case MAY_CREATE:
		return RIGHT_CREATE;
	case MAY_WRITE:
		return RIGHT_WRITE;
	case MAY_UPDATE:
		return RIGHT_UPDATE;
	case MAY_DELETE:
		return RIGHT_DELETE;
	case MAY_BRANCH_INGEST:
		return RIGHT_INGEST_BRANCHING;
	case MAY_BRANCH_EXPERIMENTAL:
		return RIGHT_EXPERIMENTAL_BRANCHING;
	case MAY_DISCOVER:
		return RIGHT_MANAGE_DISCOVERY;
	default:
		return 0;
	}
}

const struct grant *access_grant(const struct principal *who, unsigned right,
				 const struct object *object)
{
	const struct grant *by = NULL;

	(void)rights_on(who->grants, object, right, &by);
	return by;
}

/* Its name may be known to who may do something within it. */
static bool is_visible(const struct grants *g, const struct object *o)
{
	if (!g || !o->catalog_id || o->kind < ON_CATALOG || o->kind > ON_NAMESPACE)
		return false;
	return g->tags ||
	       grants_inside(g, o->catalog_id, o->kind == ON_NAMESPACE ? o->namespace : NULL);
}

/* --- the decision ------------------------------------------------------------------ */

static enum status by_grants(const struct grants *g, enum action action, const struct object *o)
{
	const struct grant *by = NULL;
	unsigned held = rights_on(g, o, access_right(action), &by);
	bool visible;

	if (by)
		return OK;
	visible = is_visible(g, o);
	if (visible && action == MAY_LIST)
		return OK;
	return held || visible || o->kind <= ON_TENANT ? DENIED : NOT_FOUND;
}

static enum status decide(const struct principal *who, enum action action, const struct object *o)
{
	if (action == PUBLIC)
		return OK;
	if (!who)
		return UNAUTHENTICATED;
	if (action == MAY_ANYTHING_OWN || who->role == ROLE_ROOT)
		return OK;
	if (action == MAY_ROOT || o->kind == ON_SERVER)
		return DENIED;
	if (!o->tenant_id || strcmp(o->tenant_id, who->tenant_id) != 0)
		return NOT_FOUND;
	switch (who->role) {
	case ROLE_TENANT_ADMIN:
		return OK;
	case ROLE_TENANT_USER:
		return by_grants(who->grants, action, o);
	default:
		return NOT_FOUND;
	}
}

bool access_may(const struct principal *who, enum action action, const struct object *object)
{
	return decide(who, action, object) == OK;
}

bool access_within(const struct principal *who, enum action action, const struct object *object)
{
	if (who && who->role == ROLE_TENANT_USER && action > MAY_ANYTHING_OWN &&
	    !access_grant(who, access_right(action), object))
		return false;
	return access_may(who, action, object);
}

/* Whether a grant of a narrower kind than those that were looked at could still say OK. */
static bool is_open(const struct principal *who, enum action action, const struct object *o)
{
	return who && who->role == ROLE_TENANT_USER && who->grants && who->grants->n &&
	       o->kind == ON_ASSET && access_right(action) && o->tenant_id &&
	       strcmp(o->tenant_id, who->tenant_id) == 0 && decide(who, action, o) != OK;
}

bool access_needs_id(const struct principal *who, enum action action, const struct object *object)
{
	return !object->asset_id && is_open(who, action, object);
}

bool access_needs_tags(const struct principal *who, enum action action, const struct object *object)
{
	return object->asset_id && !object->tags && is_open(who, action, object) &&
	       who->grants->tags;
}

/* --- in words ------------------------------------------------------------------------ */

/* "a.b" of levels, and the name behind it where there is one. */
static const char *shown(struct cx *cx, const char *path, const char *name)
{
	char *text = name ? cx_printf(cx, "%s.%s", path, name) : cx_strdup(cx, path);

	for (char *c = text; *c; c++)
		if (*c == LEVEL_SEPARATOR)
			*c = '.';
	return text;
}

/* Whether who may not do anything with an object may know the catalog it is in. */
static bool knows_catalog(const struct principal *who, const struct object *o)
{
	struct object catalog = *o;

	catalog.kind = ON_CATALOG;
	return access_may(who, MAY_LIST, &catalog);
}

/* What is said of an object that must look missing: of the widest part of it that the
 * caller may not know of. */
static enum status hide(struct cx *cx, const struct principal *who, const struct object *o)
{
	if (o->kind <= ON_TENANT || !o->catalog)
		return fail(cx, NOT_FOUND, "no such tenant");
	if (o->kind == ON_CATALOG || !o->namespace || !knows_catalog(who, o))
		return fail(cx, NOT_FOUND, "Catalog does not exist: %s", o->catalog);
	if (o->kind == ON_NAMESPACE)
		return fail(cx, NOT_FOUND, "Namespace does not exist: %s",
			    shown(cx, o->namespace, NULL));
	return fail(cx, NOT_FOUND, "%s does not exist: %s", o->noun ? o->noun : "Table",
		    shown(cx, o->namespace, o->name));
}

static enum status deny(struct cx *cx, enum action action, const struct object *o)
{
	if (action == MAY_ROOT || o->kind == ON_SERVER)
		return fail(cx, DENIED, "this needs the root role");
	if (!access_right(action))
		return fail(cx, DENIED, "this needs the tenant-admin role");
	return fail(cx, DENIED, "this needs the tenant-admin role, or a grant of \"%s\"%s",
		    right_name(access_right(action)), o->kind == ON_TENANT ? " on the tenant" : "");
}

enum status access_check(struct cx *cx, const struct principal *who, enum action action,
			 const struct object *object)
{
	enum status s = decide(who, action, object);

	switch (s) {
	case UNAUTHENTICATED:
		return fail(cx, s, "a credential is needed");
	case DENIED:
		return deny(cx, action, object);
	case NOT_FOUND:
		return hide(cx, who, object);
	default:
		return s;
	}
}

static bool is_named(const struct principal *who, const char *const *roles, const char *entry)
{
	for (enum role role = ROLE_TENANT_USER; role <= ROLE_ROOT; role++)
		if (text_same(role_name(role), entry))
			return who->role == role;
	for (; *roles; roles++)
		if (text_same(*roles, entry))
			return true;
	return text_same(who->id, entry) || text_same(who->name, entry);
}

bool access_listed(const struct principal *who, const char *const *roles, struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *entry = json_object_get_string(json_object_array_get_idx(list, i));

		if (entry && is_named(who, roles, entry))
			return true;
	}
	return false;
}
