/* SPDX-License-Identifier: Apache-2.0 */
/* access.c - the decision: by role; a tenant is a wall. */
#include "common/access.h"

#include <ctype.h>

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

/* What the answer says of an object that must look missing: the widest part of it
 * that the caller may not know of. */
static enum status hide(struct cx *cx, const struct object *o)
{
	if (o->kind <= ON_TENANT || !o->catalog)
		return fail(cx, NOT_FOUND, "no such tenant");
	return fail(cx, NOT_FOUND, "Catalog does not exist: %s", o->catalog);
}

static enum status check_tenant_user(struct cx *cx, const struct object *o)
{
	if (o->kind <= ON_TENANT)
		return fail(cx, DENIED, "this needs the tenant-admin role");
	return hide(cx, o);
}

enum status access_check(struct cx *cx, const struct principal *who, enum action action,
			 const struct object *object)
{
	if (action == PUBLIC)
		return OK;
	if (!who)
		return fail(cx, UNAUTHENTICATED, "a credential is needed");
	if (action == MAY_ANYTHING_OWN || who->role == ROLE_ROOT)
		return OK;
	if (action == MAY_ROOT || object->kind == ON_SERVER)
		return fail(cx, DENIED, "this needs the root role");
	if (!object->tenant_id || strcmp(object->tenant_id, who->tenant_id) != 0)
		return hide(cx, object);
	switch (who->role) {
	case ROLE_TENANT_ADMIN:
		return OK;
	case ROLE_TENANT_USER:
		return check_tenant_user(cx, object);
	default:
		return hide(cx, object);
	}
}

bool access_may(const struct principal *who, enum action action, const struct object *object)
{
	struct cx cx = { 0 };
	bool may = access_check(&cx, who, action, object) == OK;

	cx_free(&cx);
	return may;
}
