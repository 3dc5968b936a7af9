/* SPDX-License-Identifier: Apache-2.0 */
/* grants.c - grants from and to JSON, and the sorted arrays that decisions search. */
#include "common/grants.h"

#include <ctype.h>

#include "common/text.h"

#define LEVEL_SEPARATOR '\x1f'
#define MAX_PATH_BYTES 4096

/* --- actions --------------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned right, implies;
} rights[] = {
	{ "all", RIGHT_ALL, ~0U },
	{ "write", RIGHT_WRITE,
	  RIGHT_READ | RIGHT_UPDATE | RIGHT_DELETE | RIGHT_CREATE | RIGHT_LIST },
	{ "read", RIGHT_READ, RIGHT_LIST },
	{ "create", RIGHT_CREATE, 0 },
	{ "update", RIGHT_UPDATE, 0 },
	{ "delete", RIGHT_DELETE, 0 },
	{ "list", RIGHT_LIST, 0 },
	{ "ingest-branching", RIGHT_INGEST_BRANCHING, 0 },
	{ "experimental-branching", RIGHT_EXPERIMENTAL_BRANCHING, 0 },
	{ "manage-discovery", RIGHT_MANAGE_DISCOVERY, 0 },
};

/* "IngestBranching", "ingest_branching": clients of several generations write either. */
static bool same_word(const char *word, const char *name)
{
	for (;; word++, name++) {
		word += strspn(word, "-_ ");
		name += strspn(name, "-");
		if (tolower((unsigned char)*word) != *name)
			return false;
		if (!*name)
			return true;
	}
}

unsigned right_parse(const char *word)
{
	for (size_t i = 0; word && i < ARRAY_SIZE(rights); i++)
		if (same_word(word, rights[i].name))
			return rights[i].right;
	return 0;
}

const char *right_name(unsigned right)
{
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (right & rights[i].right)
			return rights[i].name;
	return "nothing";
}

unsigned rights_implied(unsigned named)
{
	unsigned out = named;

	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (named & rights[i].right)
			out |= rights[i].implies;
	return out;
}

enum status grant_read_actions(struct cx *cx, struct json_object *actions, const char *where,
			       struct grant *out)
{
	size_t n = json_object_is_type(actions, json_type_array) ? json_object_array_length(actions)
								 : 0;

	out->rights = 0;
	if (n == 0)
		return fail(cx, INVALID, "%s: not an array of one or more actions", where);
	for (size_t i = 0; i < n; i++) {
		struct json_object *v = json_object_array_get_idx(actions, i);
		const char *word =
			json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";
		unsigned right = right_parse(word);

		if (!right)
			return fail(cx, INVALID, "%s[%zu]: no action: \"%s\"", where, i, word);
		out->rights |= right;
	}
	return OK;
}

struct json_object *grant_show_actions(struct cx *cx, unsigned named)
{
	struct json_object *out = json_new_array(cx);

	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (named & rights[i].right)
			json_add_text(out, rights[i].name);
	return out;
}

/* --- scopes ----------------------------------------------------------------------- */

static const char *const scopes[] = {
	[SCOPE_TENANT] = "tenant", [SCOPE_CATALOG] = "catalog", [SCOPE_NAMESPACE] = "namespace",
	[SCOPE_ASSET] = "asset",   [SCOPE_TAG] = "tag",
};

/* No level is empty. */
static bool is_path(const char *path)
{
	for (const char *level = path;;) {
		size_t n = strcspn(level, "\x1f");

		if (n == 0)
			return false;
		if (!level[n])
			return true;
		level += n + 1;
	}
}

static enum status path_of_levels(struct cx *cx, struct json_object *levels, const char *where,
				  const char **out)
{
	struct text t = text_open(cx, MAX_PATH_BYTES);

	for (size_t i = 0; i < json_object_array_length(levels); i++) {
		struct json_object *v = json_object_array_get_idx(levels, i);
		const char *level =
			json_object_is_type(v, json_type_string) ? json_object_get_string(v) : "";

		if (!*level || strchr(level, LEVEL_SEPARATOR))
			return fail(cx, INVALID, "%s.namespace[%zu]: not a name", where, i);
		if (i)
			text_addc(&t, LEVEL_SEPARATOR);
		text_add(&t, level);
	}
	*out = t.s;
	return text_check(&t, "namespace") ? INVALID : OK;
}

static enum status read_namespace(struct cx *cx, struct json_object *scope, const char *where,
				  const char **out)
{
	struct json_object *v = json_member(scope, "namespace");
	char *path;
	enum status s;

	if (json_object_is_type(v, json_type_array)) {
		s = path_of_levels(cx, v, where, out);
		if (s)
			return s;
	} else {
		s = json_get_text(cx, scope, where, "namespace", out);
		if (s)
			return s;
		path = cx_strdup(cx, *out);
		for (char *c = path; *c && !strchr(*out, LEVEL_SEPARATOR); c++)
			if (*c == '.')
				*c = LEVEL_SEPARATOR;
		*out = path;
	}
	return is_path(*out) ? OK : fail(cx, INVALID, "%s.namespace: a level is empty", where);
}

/* An identifier of ours: anything else would name nothing, ever. */
static enum status read_id(struct cx *cx, struct json_object *scope, const char *where,
			   const char *key, const char **out)
{
	enum status s = json_get_text(cx, scope, where, key, out);

	if (!s && !text_is_uuid(*out))
		return fail(cx, INVALID, "%s.%s: not a UUID: \"%s\"", where, key, *out);
	return s;
}

static enum status read_tag(struct cx *cx, struct json_object *scope, const char *where,
			    const char **out)
{
	enum status s = json_get_text(cx, scope, where, "tag_name", out);

	return s || **out ? s : fail(cx, INVALID, "%s.tag_name: empty", where);
}

static enum status read_type(struct cx *cx, struct json_object *scope, const char *where,
			     enum grant_scope *out)
{
	const char *type;
	enum status s = json_get_text(cx, scope, where, "type", &type);

	for (size_t i = 0; !s && i < ARRAY_SIZE(scopes); i++) {
		if (same_word(type, scopes[i])) {
			*out = (enum grant_scope)i;
			return OK;
		}
	}
	return s ? s
		 : fail(cx, INVALID,
			"%s.type: not catalog, namespace, asset, tag or tenant: \"%s\"", where,
			type);
}

enum status grant_read_scope(struct cx *cx, struct json_object *scope, const char *where,
			     struct grant *out)
{
	enum status s;

	out->catalog_id = out->namespace = out->asset_id = out->tag = "";
	if (!json_object_is_type(scope, json_type_object))
		return fail(cx, INVALID, "%s: not an object", where);
	s = read_type(cx, scope, where, &out->scope);
	if (!s && out->scope == SCOPE_TAG)
		return read_tag(cx, scope, where, &out->tag);
	if (!s && out->scope != SCOPE_TENANT)
		s = read_id(cx, scope, where, "catalog_id", &out->catalog_id);
	if (!s && (out->scope == SCOPE_NAMESPACE || out->scope == SCOPE_ASSET))
		s = read_namespace(cx, scope, where, &out->namespace);
	if (!s && out->scope == SCOPE_ASSET)
		s = read_id(cx, scope, where, "asset_id", &out->asset_id);
	return s;
}

/* "a.b", which clients show; ["a", "b.c"] where that would be read as another. */
static struct json_object *show_path(struct cx *cx, const char *path)
{
	struct json_object *levels;
	char *dotted = cx_strdup(cx, path);

	if (!strchr(path, '.')) {
		for (char *c = dotted; *c; c++)
			if (*c == LEVEL_SEPARATOR)
				*c = '.';
		return json_new_text(cx, dotted);
	}
	levels = json_new_array(cx);
	for (const char *level = path;; level++) {
		size_t n = strcspn(level, "\x1f");

		json_add_text(levels, cx_strndup(cx, level, n));
		level += n;
		if (!*level)
			return levels;
	}
}

struct json_object *grant_show_scope(struct cx *cx, const struct grant *g)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "type", scopes[g->scope]);
	if (g->scope == SCOPE_TAG)
		json_set_text(o, "tag_name", g->tag);
	else if (g->scope != SCOPE_TENANT)
		json_set_text(o, "catalog_id", g->catalog_id);
	if (g->scope == SCOPE_NAMESPACE || g->scope == SCOPE_ASSET)
		json_set(o, "namespace", show_path(cx, g->namespace));
	if (g->scope == SCOPE_ASSET)
		json_set_text(o, "asset_id", g->asset_id);
	return o;
}

/* --- a principal's ------------------------------------------------------------------ */

/* An asset's id says all: it may have moved since. */
static const char *catalog_of(const struct grant *g)
{
	return g->scope == SCOPE_CATALOG || g->scope == SCOPE_NAMESPACE ? g->catalog_id : "";
}

static const char *text_of(const struct grant *g)
{
	switch (g->scope) {
	case SCOPE_NAMESPACE:
		return g->namespace;
	case SCOPE_ASSET:
		return g->asset_id;
	case SCOPE_TAG:
		return g->tag;
	default:
		return "";
	}
}

/* How `g` stands to what is looked for: strcmp's sign. */
static int compare_key(const struct grant *g, enum grant_scope scope, const char *catalog_id,
		       const char *text, size_t n)
{
	const char *own = text_of(g);
	int order = (g->scope > scope) - (g->scope < scope);

	if (!order)
		order = strcmp(catalog_of(g), catalog_id);
	if (!order)
		order = strncmp(own, text, n);
	return order ? order : own[n] != '\0';
}

static int compare(const void *a, const void *b)
{
	const struct grant *x = a, *y = b;
	const char *text = text_of(y);

	return compare_key(x, y->scope, catalog_of(y), text, strlen(text));
}

static int compare_inside(const void *a, const void *b)
{
	const struct grant *x = *(const struct grant *const *)a;
	const struct grant *y = *(const struct grant *const *)b;
	int order = strcmp(x->catalog_id, y->catalog_id);

	return order ? order : strcmp(x->namespace, y->namespace);
}

const struct grants *grants_build(struct cx *cx, struct grant *items, size_t n)
{
	struct grants *g = CX_NEW(cx, struct grants);

	*g = (struct grants){ .items = items, .n = n };
	if (!n)
		return g;
	qsort(items, n, sizeof(*items), compare);
	g->inside = cx_array(cx, n, sizeof(struct grant *));
	for (size_t i = 0; i < n; i++) {
		if (*items[i].catalog_id)
			g->inside[g->n_inside++] = &items[i];
		g->tags = g->tags || items[i].scope == SCOPE_TAG;
	}
	if (g->n_inside)
		qsort(g->inside, g->n_inside, sizeof(*g->inside), compare_inside);
	return g;
}

const struct grants *grants_copy(struct cx *cx, const struct grants *g)
{
	struct grant *items;

	if (!g)
		return NULL;
	items = cx_array(cx, g->n, sizeof(struct grant));
	for (size_t i = 0; i < g->n; i++) {
		items[i] = g->items[i];
		items[i].catalog_id = cx_strdup(cx, items[i].catalog_id);
		items[i].namespace = cx_strdup(cx, items[i].namespace);
		items[i].asset_id = cx_strdup(cx, items[i].asset_id);
		items[i].tag = cx_strdup(cx, items[i].tag);
		items[i].permission_id = cx_strdup(cx, items[i].permission_id);
		items[i].role_id = cx_strdup(cx, items[i].role_id);
	}
	return grants_build(cx, items, g->n);
}

const struct grant *grants_find(const struct grants *g, enum grant_scope scope,
				const char *catalog_id, const char *text, size_t n)
{
	size_t low = 0, high = g->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_key(&g->items[middle], scope, catalog_id, text, n) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == g->n || compare_key(&g->items[low], scope, catalog_id, text, n) != 0)
		return NULL;
	return &g->items[low];
}

const struct grant *grants_next(const struct grants *g, const struct grant *one)
{
	const struct grant *next = one + 1;

	return next < g->items + g->n && compare(one, next) == 0 ? next : NULL;
}

bool grants_inside(const struct grants *g, const char *catalog_id, const char *namespace)
{
	const struct grant key = { .catalog_id = catalog_id,
				   .namespace = namespace ? namespace : "" };
	const struct grant *wanted = &key, *found;
	size_t low = 0, high = g->n_inside, n = strlen(key.namespace);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_inside(&g->inside[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == g->n_inside)
		return false;
	/* \x1F comes before all that names hold: a's children stand right behind a */
	found = g->inside[low];
	return strcmp(found->catalog_id, catalog_id) == 0 &&
	       strncmp(found->namespace, key.namespace, n) == 0 &&
	       (!n || !found->namespace[n] || found->namespace[n] == LEVEL_SEPARATOR);
}
