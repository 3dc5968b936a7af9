/* SPDX-License-Identifier: Apache-2.0 */
/* adopt.c - pangolin adopt: registers in bulk, what is in the way is said and left out. */
#include "cli/adopt.h"

#include "common/text.h"
#include "stores/assets.h"
#include "stores/namespaces.h"

static const struct audit operator_ = { .username = "operator" };

/* --- one table ------------------------------------------------------------------------- */

void adopt_skip(struct adoption *a, const char *what, const char *why)
{
	progress_close(&a->progress);
	cli_say("skipped  %s: %s", what, why);
	a->skipped++;
}

static bool is_wanted(const struct adoption *a, const char *path)
{
	size_t n = a->only ? strlen(a->only) : 0;

	return !n ||
	       (strncmp(path, a->only, n) == 0 && (path[n] == '\0' || path[n] == LEVEL_SEPARATOR));
}

static const struct metadata_kind *kind_of(struct json_object *metadata)
{
	return json_has(metadata, "view-uuid") ? &view_metadata : &table_metadata;
}

/* What the file says the asset is. */
static enum status describe(struct adoption *a, struct cx *cx, const char *location,
			    struct asset *row, struct claim *claim)
{
	struct request rq = site_request(&a->site, cx);
	const struct metadata_kind *kind;
	struct json_object *metadata;
	struct metadata_file f = { 0 };
	struct location l;
	enum status s = scope_check(cx, a->sc, "metadata-location", location, &l);

	if (!s)
		s = text_read_file(&rq, a->sc, l.text, &f, &metadata);
	if (s)
		return s;
	kind = kind_of(metadata);
	s = kind->check(cx, metadata);
	if (!s)
		s = scope_describe(cx, a->sc, kind, metadata, row, claim);
	text_name(row, &f);
	return s;
}

/* What asset_create would find in the way. */
static enum status check_free(struct adoption *a, struct cx *cx, const struct asset_name *at,
			      const struct asset *row, struct claim *claim)
{
	struct place *p = place_asset(cx, a->ref, at->path, at->name);
	size_t n;
	struct row **rows = claim_rows(cx, claim, &n);
	enum status s = content_read(cx, a->site.rs.store, a->ref, NULL, &p, 1, rows, n);

	if (!s && p->seen)
		return asset_exists(cx, p->seen, row->type, at);
	return s ? s : claim_check(cx, claim, row->asset_id);
}

static enum status make_namespace(struct adoption *a, struct cx *cx, const char *path)
{
	enum status s = namespace_check(cx, path);

	if (s || seen_has(a->namespaces, path))
		return s;
	s = namespace_create(cx, a->site.rs.store, a->ref, path, json_new_object(cx), &operator_);
	if (s == EXISTS)
		s = OK;
	if (!s)
		seen_add(a->namespaces, path);
	return s;
}

static enum status take(struct adoption *a, struct cx *cx, const struct asset_name *at,
			const char *location)
{
	struct asset *row = CX_NEW(cx, struct asset);
	struct claim claim;
	enum status s;

	row->asset_id = text_uuid7(cx);
	row->created_ms = cx_now_ms();
	s = asset_name_check(cx, at->path, at->name);
	if (!s)
		s = describe(a, cx, location, row, &claim);
	if (!s)
		s = check_free(a, cx, at, row, &claim);
	if (s || a->dry)
		return s;
	s = make_namespace(a, cx, at->path);
	return s ? s
		 : asset_create(cx, a->site.rs.store, a->ref, at, row, &claim, false, "register",
				&operator_);
}

enum status adopt_one(struct adoption *a, const char *path, const char *name,
		      const char *metadata_location)
{
	struct cx cx = { 0 };
	struct asset_name at = { path, name };
	const char *what;
	enum status s;

	if (!is_wanted(a, path))
		return OK;
	if (a->into)
		at.path =
			*path ? cx_printf(&cx, "%s%c%s", a->into, LEVEL_SEPARATOR, path) : a->into;
	what = asset_shown(&cx, at.path, name);
	if (!*at.path) {
		adopt_skip(a, what, "it lies in no namespace: --into names one");
		cx_free(&cx);
		return OK;
	}
	s = take(a, &cx, &at, metadata_location);
	if (!s) {
		cli_note(a->site.c, "%s  %s  %s", a->dry ? "would adopt" : "adopted", what,
			 metadata_location);
		a->adopted++;
	} else if (s == UNAVAILABLE || s == INTERNAL || s == UNKNOWN) {
		fail(a->site.c->cx, s, "%s: %s", what, cx.message);
	} else {
		adopt_skip(a, what, cx.message);
		s = OK;
	}
	if (!s && !progress_tick(&a->progress, a->adopted + a->skipped))
		s = fail(a->site.c->cx, UNAVAILABLE, "stopped: what was adopted stays");
	cx_free(&cx);
	return s;
}

/* --- the command -------------------------------------------------------------------------- */

/* "a.b" as levels. */
static const char *levels_of(struct cx *cx, const char *dotted)
{
	char *s = cx_strdup(cx, dotted);

	for (char *c = s; c && *c; c++)
		if (*c == '.')
			*c = LEVEL_SEPARATOR;
	return s;
}

static enum status open_target(struct adoption *a)
{
	struct cli *c = a->site.c;
	const char *tenant = cli_flag(c, "tenant"), *catalog;
	enum status s = cli_need(c, "catalog", &catalog);

	if (!s)
		s = cli_need(c, "from", &a->from);
	if (!s)
		s = site_open(c, &a->site);
	if (!s)
		s = content_catalog(c->cx, a->site.rs.content, a->site.rs.store,
				    tenant ? tenant : NIL_UUID, catalog, NULL, &a->ref);
	if (!s && text_same(a->ref->row->catalog_type, "Federated"))
		s = fail(c->cx, INVALID, "catalog \"%s\" is federated: it holds no tables itself",
			 catalog);
	return s ? s : scope_of(c->cx, a->ref, &a->sc);
}

enum status run_adopt(struct cli *c)
{
	struct adoption a = { .site.c = c, .dry = cli_flag(c, "dry-run") != NULL };
	enum status s = open_target(&a);

	a.only = levels_of(c->cx, cli_flag(c, "namespace"));
	a.into = levels_of(c->cx, cli_flag(c, "into"));
	a.namespaces = seen_open(c->cx);
	if (!s) {
		progress_open(&a.progress, c, "adopt", "tables", 0);
		s = text_starts(a.from, "http://") || text_starts(a.from, "https://")
			    ? adopt_rest(&a)
			    : adopt_folder(&a);
		progress_close(&a.progress);
	}
	site_close(&a.site);
	if (s)
		return s;
	cli_note(c, "%lld %s, %lld skipped", (long long)a.adopted,
		 a.dry ? "could be adopted" : "adopted", (long long)a.skipped);
	return OK;
}
