/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - GET /api/v1/access/explain: what lets somebody do something, or what is missing. */
#include "common/text.h"
#include "fcgi/admin/people.h"
#include "fcgi/auth.h"
#include "fcgi/decide.h"
#include "stores/content.h"
#include "stores/roles.h"
#include "stores/search.h"

#define MAX_DOTS 16

struct question {
	const struct principal *who;
	enum action action;
	const char *text; /* the object as it was asked for */
	struct object object;
	bool exists;
};

/* --- who ------------------------------------------------------------------------------ */

/* Oneself as one is; others as their rows say. */
static enum status read_who(struct request *rq, struct question *q)
{
	const char *id = NULL;
	struct person person;
	struct principal *who;
	enum status s = request_query(rq, "user", &id);

	q->who = rq->who;
	if (s || !id || !*id || strcmp(id, rq->who->id) == 0)
		return s;
	s = people_person(rq, id, &person);
	if (s)
		return s;
	who = CX_NEW(rq->cx, struct principal);
	*who = *person.principal;
	q->who = who;
	if (who->role != ROLE_TENANT_USER)
		return OK;
	return grants_of(rq->cx, rq->rs->store, who->tenant_id, who->id, who->given, &who->grants);
}

static enum status read_action(struct request *rq, struct question *q)
{
	const char *word = NULL;
	enum status s = request_query(rq, "action", &word);
	unsigned right = right_parse(word);

	if (s)
		return s;
	if (!word)
		return fail(rq->cx, INVALID, "action is missing");
	for (q->action = MAY_LIST; q->action <= MAY_DISCOVER; q->action++)
		if (right && access_right(q->action) == right)
			return OK;
	return fail(rq->cx, INVALID, "action: not one that can be asked for: \"%s\"", word);
}

/* --- about what ------------------------------------------------------------------------ */

static const char *levels_of(struct cx *cx, const char *dotted)
{
	char *path = cx_strdup(cx, dotted);

	for (char *c = path; *c; c++)
		if (*c == '.')
			*c = LEVEL_SEPARATOR;
	return path;
}

/* One that the caller may not know of is as good as none: its name may hold dots, and what is
 * said of the others would tell where it ends. */
static bool may_know(struct request *rq, const struct question *q, const struct catalog_ref *ref)
{
	struct object o = { .kind = ON_CATALOG,
			    .tenant_id = q->object.tenant_id,
			    .catalog_id = ref->catalog_id };

	return access_may(rq->who, MAY_LIST, &o);
}

static enum status catalog_named(struct request *rq, struct question *q, const char *name,
				 const struct catalog_ref **ref)
{
	enum status s = content_catalog(rq->cx, rq->rs->content, rq->rs->store, q->object.tenant_id,
					name, NULL, ref);

	if (!s && !may_know(rq, q, *ref))
		s = NOT_FOUND;
	if (s) {
		*ref = NULL;
		return s;
	}
	q->object.catalog = name;
	q->object.catalog_id = (*ref)->catalog_id;
	return OK;
}

/* "c.a.b": the catalog is the shortest name in front that there is; *rest is "a.b". */
static enum status find_catalog(struct request *rq, struct question *q, const char *text,
				const struct catalog_ref **ref, const char **rest)
{
	const char *dot = text;

	*ref = NULL;
	for (int i = 0; i < MAX_DOTS && dot; i++) {
		const char *name;
		enum status s;

		dot = strchr(dot + (i > 0), '.');
		name = dot ? cx_strndup(rq->cx, text, (size_t)(dot - text)) : text;
		if (!i) { /* what it is called where it is not there */
			q->object.catalog = name;
			*rest = dot ? dot + 1 : "";
		}
		s = catalog_named(rq, q, name, ref);
		if (s == NOT_FOUND)
			continue;
		if (s)
			return s;
		*rest = dot ? dot + 1 : "";
		return OK;
	}
	return OK;
}

static void split_name(struct cx *cx, struct object *o, const char *rest)
{
	const char *last = strrchr(rest, '.');

	o->namespace = levels_of(cx, last ? cx_strndup(cx, rest, (size_t)(last - rest)) : "");
	o->name = last ? last + 1 : rest;
}

/* Its row, if it is there. */
static enum status find_row(struct request *rq, struct question *q, const struct catalog_ref *ref)
{
	struct object *o = &q->object;
	struct place *p = o->kind == ON_NAMESPACE
				  ? place_namespace(rq->cx, ref, o->namespace)
				  : (text_same(o->noun, "Function") ? place_function : place_asset)(
					    rq->cx, ref, o->namespace, o->name);
	enum status s = content_read(rq->cx, rq->rs->store, ref, NULL, &p, 1, NULL, 0);

	q->exists = !s && p->seen;
	if (q->exists && o->kind == ON_ASSET)
		o->asset_id = p->seen->asset_id;
	return s;
}

static enum status read_catalog(struct request *rq, struct question *q, const char *name)
{
	const struct catalog_ref *ref;
	enum status s;

	q->object.catalog = name;
	s = catalog_named(rq, q, name, &ref);
	q->exists = !s;
	return s == NOT_FOUND ? OK : s;
}

static enum status read_path(struct request *rq, struct question *q, const char *text)
{
	const struct catalog_ref *ref;
	const char *rest = "";
	enum status s = find_catalog(rq, q, text, &ref, &rest);

	if (s)
		return s;
	q->exists = ref != NULL;
	if (!*rest)
		return fail(rq->cx, INVALID, "object: not catalog.namespace...: \"%s\"", text);
	if (q->object.kind == ON_NAMESPACE)
		q->object.namespace = levels_of(rq->cx, rest);
	else
		split_name(rq->cx, &q->object, rest);
	if (!*q->object.namespace)
		return fail(rq->cx, INVALID, "object: no namespace in it: \"%s\"", text);
	return ref ? find_row(rq, q, ref) : OK;
}

/* By its id; the index knows where main shows it. */
static enum status read_asset(struct request *rq, struct question *q, const char *id)
{
	struct object *o = &q->object;
	struct search_entry at;
	enum status s = search_place(rq->cx, rq->rs->store, o->tenant_id, id, &at);

	if (s)
		return s == NOT_FOUND ? OK : s;
	q->exists = true;
	o->catalog_id = at.catalog_id;
	o->namespace = at.namespace;
	o->name = at.name;
	o->asset_id = id;
	return OK;
}

static const struct {
	const char *word;
	enum object_kind kind;
	const char *noun;
	enum status (*read)(struct request *rq, struct question *q, const char *text);
} objects[] = {
	{ "catalog", ON_CATALOG, NULL, read_catalog },
	{ "namespace", ON_NAMESPACE, NULL, read_path },
	{ "table", ON_ASSET, "Table", read_path },
	{ "view", ON_ASSET, "View", read_path },
	{ "function", ON_ASSET, "Function", read_path },
	{ "asset", ON_ASSET, "Asset", read_asset },
};

static enum status read_tag(struct request *rq, struct question *q, const char *tag)
{
	const char **tags = cx_array(rq->cx, 2, sizeof(*tags));

	if (!*tag)
		return fail(rq->cx, INVALID, "object: no tag's name");
	tags[0] = tag;
	q->object.kind = ON_ASSET;
	q->object.tags = tags;
	return OK;
}

static enum status read_object(struct request *rq, struct question *q)
{
	const char *colon,
		*tenant_id = q->who->role == ROLE_ROOT ? rq->tenant_id : q->who->tenant_id;
	enum status s = request_query(rq, "object", &q->text);

	if (s)
		return s;
	q->object.tenant_id = tenant_id;
	q->object.kind = ON_TENANT;
	q->exists = true;
	if (!q->text || !*q->text)
		return fail(rq->cx, INVALID, "object is missing");
	if (strcmp(q->text, "tenant") == 0)
		return OK;
	if (text_starts(q->text, "tag:"))
		return read_tag(rq, q, q->text + strlen("tag:"));
	q->exists = false;
	colon = strchr(q->text, ':');
	for (size_t i = 0; colon && i < ARRAY_SIZE(objects); i++) {
		size_t n = strlen(objects[i].word);

		if ((size_t)(colon - q->text) != n || memcmp(q->text, objects[i].word, n) != 0)
			continue;
		q->object.kind = objects[i].kind;
		q->object.noun = objects[i].noun;
		return objects[i].read(rq, q, colon + 1);
	}
	return fail(
		rq->cx, INVALID,
		"object: not tenant, catalog:c, namespace:c.a.b, table:c.a.b.t, view:, function:, "
		"asset:<id> or tag:<name>: \"%s\"",
		q->text);
}

/* --- the answer -------------------------------------------------------------------------- */

static enum status because_of_grant(struct request *rq, const struct question *q,
				    const struct grant *g, struct json_object *o)
{
	struct role_row role;
	enum status s = OK;

	json_set_text(o, "kind", g->role_id ? "role" : "permission");
	json_set_text(o, "id", g->role_id ? g->role_id : g->permission_id);
	json_set(o, "scope", grant_show_scope(rq->cx, g));
	json_set(o, "actions", grant_show_actions(rq->cx, g->rights));
	if (g->role_id)
		s = role_find(rq->cx, rq->rs->store, q->who->tenant_id, g->role_id, &role);
	if (g->role_id && !s)
		json_set_text(o, "name", role.name);
	return s == NOT_FOUND ? OK : s; /* it has just gone */
}

static enum status because(struct request *rq, const struct question *q, struct json_object **out)
{
	const struct grant *g = NULL;

	*out = json_new_object(rq->cx);
	if (q->who->role != ROLE_TENANT_USER) {
		json_set_text(*out, "kind", "session-role");
		json_set_text(*out, "name", role_name(q->who->role));
		return OK;
	}
	g = access_grant(q->who, access_right(q->action), &q->object);
	if (g)
		return because_of_grant(rq, q, g, *out);
	json_set_text(*out, "kind", "visible"); /* a grant on something in it */
	return OK;
}

static const char *answer_word(enum status s)
{
	return s == OK ? "allowed" : s == DENIED ? "forbidden" : "not found";
}

static struct json_object *show_who(struct cx *cx, const struct principal *who)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "id", who->id);
	json_set_text(o, "username", who->name);
	json_set_text(o, "tenant-id", *who->tenant_id ? who->tenant_id : NULL);
	json_set_text(o, "role", role_name(who->role));
	return o;
}

static enum status answer(struct request *rq, struct question *q)
{
	struct json_object *o = json_new_object(rq->cx), *why = NULL;
	enum status decided = decide_as(rq, q->who, q->action, &q->object), s = OK;

	if (decided && decided != DENIED && decided != NOT_FOUND)
		return decided;
	json_set(o, "user", show_who(rq->cx, q->who));
	json_set_text(o, "action", right_name(access_right(q->action)));
	json_set_text(o, "object", q->text);
	json_set_bool(o, "allowed", decided == OK);
	json_set_text(o, "answer", answer_word(decided));
	json_set_text(o, "missing", decided ? cx_strdup(rq->cx, rq->cx->message) : NULL);
	if (people_admin(rq)) /* others might ask only to learn that */
		json_set_bool(o, "exists", q->exists);
	if (!decided)
		s = because(rq, q, &why);
	json_set(o, "because", why);
	return s ? s : answer_json(rq, 200, o);
}

enum status explain_access(struct request *rq)
{
	struct question q = { .exists = false };
	enum status s = read_who(rq, &q);

	if (!s)
		s = read_action(rq, &q);
	if (!s)
		s = read_object(rq, &q);
	return s ? s : answer(rq, &q);
}
