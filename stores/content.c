/* SPDX-License-Identifier: Apache-2.0 */
/* content.c - catalogs by name, kept a process; places on a branch, read in one round trip. */
#include "stores/content.h"

#include "common/default_storage.h"
#include "common/text.h"

/*
 * Two direct-mapped tables: a second catalog or tenant that falls on the same
 * slot takes it over.  Losing an entry costs a round trip and nothing else.
 */
#define CATALOG_SLOTS 256
#define TENANT_SLOTS 256

struct known_tenant {
	char tenant_id[64];
	int64_t server_epoch, tenant_epoch;
	bool used;
	struct quota quota;
	bool has_quota; /* it is known */
};

struct known_catalog {
	struct cx cx;
	struct catalog_ref ref;
};

struct content {
	struct known_tenant tenants[TENANT_SLOTS];
	struct known_catalog *catalogs[CATALOG_SLOTS];
	uint64_t hits, misses;
};

struct content *content_open(void)
{
	struct content *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	return c;
}

static void catalog_free(void *known)
{
	struct known_catalog *k = known;

	cx_free(&k->cx);
	free(k);
}

void content_close(struct content *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < CATALOG_SLOTS; i++)
		if (c->catalogs[i])
			catalog_free(c->catalogs[i]);
	free(c);
}

void content_counts(const struct content *c, uint64_t *hits, uint64_t *misses)
{
	*hits = c->hits;
	*misses = c->misses;
}

/* FNV-1a over a string and the NUL behind it. */
static uint64_t hash_text(uint64_t h, const char *s)
{
	do
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	while (*s++);
	return h;
}

#define HASH_SEED 14695981039346656037u

static size_t tenant_slot(const char *tenant_id)
{
	return hash_text(HASH_SEED, tenant_id) % TENANT_SLOTS;
}

bool content_stands(const struct content *c, const char *tenant_id, int64_t server_epoch,
		    int64_t tenant_epoch)
{
	const struct known_tenant *t = &c->tenants[tenant_slot(tenant_id)];

	return t->used && strcmp(t->tenant_id, tenant_id) == 0 && t->server_epoch == server_epoch &&
	       t->tenant_epoch == tenant_epoch;
}

void content_note(struct content *c, const char *tenant_id, int64_t server_epoch,
		  int64_t tenant_epoch)
{
	struct known_tenant *t = &c->tenants[tenant_slot(tenant_id)];

	t->used = strlen(tenant_id) < sizeof(t->tenant_id);
	snprintf(t->tenant_id, sizeof(t->tenant_id), "%s", tenant_id);
	t->server_epoch = server_epoch;
	t->tenant_epoch = tenant_epoch;
	t->has_quota = false;
}

const struct quota *content_quota(const struct content *c, const char *tenant_id)
{
	const struct known_tenant *t = &c->tenants[tenant_slot(tenant_id)];

	return t->used && t->has_quota && strcmp(t->tenant_id, tenant_id) == 0 ? &t->quota : NULL;
}

void content_note_quota(struct content *c, const char *tenant_id, const struct quota *quota)
{
	struct known_tenant *t = &c->tenants[tenant_slot(tenant_id)];

	t->has_quota = t->used && strcmp(t->tenant_id, tenant_id) == 0;
	t->quota = *quota;
}

/* --- catalogs by name ------------------------------------------------------- */

static struct known_catalog **catalog_slot(struct content *c, const char *tenant_id,
					   const char *catalog, const char *branch)
{
	uint64_t h = hash_text(hash_text(hash_text(HASH_SEED, tenant_id), catalog), branch);

	return &c->catalogs[h % CATALOG_SLOTS];
}

/* The request may still hold what is taken out: it goes with the request. */
static void take_out(struct cx *cx, struct known_catalog **slot)
{
	if (*slot)
		cx_own(cx, *slot, catalog_free);
	*slot = NULL;
}

void content_forget(struct cx *cx, struct content *c, const struct catalog_ref *ref)
{
	for (size_t i = 0; i < CATALOG_SLOTS; i++)
		if (c->catalogs[i] && &c->catalogs[i]->ref == ref)
			take_out(cx, &c->catalogs[i]);
}

/* The branch itself, then its chain: [[branch id, cut], ...], nearest first. */
static enum status levels_of(struct cx *cx, const struct branch *b, struct catalog_ref *ref)
{
	const char *text = b->chain ? b->chain : "[]";
	struct json_object *chain;
	struct level *levels;
	size_t n;
	enum status s = json_parse(cx, text, strlen(text), 4, &chain);

	if (s || !json_object_is_type(chain, json_type_array))
		return fail(cx, INTERNAL, "branch \"%s\" has a broken chain", b->name);
	n = json_object_array_length(chain);
	if (n >= MAX_LEVELS)
		return fail(cx, INTERNAL, "branch \"%s\" has more than %d ancestors", b->name,
			    MAX_LEVELS - 1);
	levels = cx_array(cx, n + 1, sizeof(*levels));
	levels[0] = (struct level){ b->id, LIVING };
	for (size_t i = 0; i < n; i++) {
		struct json_object *pair = json_object_array_get_idx(chain, i);
		const char *id;

		if (!json_object_is_type(pair, json_type_array) ||
		    json_object_array_length(pair) != 2)
			return fail(cx, INTERNAL, "branch \"%s\" has a broken chain", b->name);
		id = json_object_get_string(json_object_array_get_idx(pair, 0));
		levels[i + 1] =
			(struct level){ id ? id : "",
					json_object_get_int64(json_object_array_get_idx(pair, 1)) };
	}
	ref->levels = levels;
	ref->n_levels = n + 1;
	return OK;
}

static bool says_merge_only(struct cx *cx, const struct catalog *c)
{
	struct json_object *properties;

	return c->properties &&
	       !json_parse(cx, c->properties, strlen(c->properties), 3, &properties) &&
	       text_same(json_text(properties, MERGE_ONLY), "true");
}

static enum status take_branch(struct cx *cx, const struct branch *b, struct catalog_ref *ref)
{
	bool is_main = strcmp(b->name, "main") == 0;

	ref->branch_id = b->id;
	ref->branch_name = b->name;
	ref->read_only = text_same(b->branch_type, "tag");
	ref->main_merge_only = says_merge_only(cx, ref->row);
	ref->merge_only = is_main && ref->main_merge_only;
	ref->guarded = !is_main || b->cut > 0;
	return levels_of(cx, b, ref);
}

enum status content_branch(struct cx *cx, const struct catalog_ref *ref,
			   const struct branch *branch, struct catalog_ref **out)
{
	*out = CX_NEW(cx, struct catalog_ref);
	**out = *ref;
	(*out)->cx = cx;
	(*out)->extra = CX_NEW(cx, void *);
	return take_branch(cx, branch, *out);
}

enum status content_is_ours(struct cx *cx, const struct catalog_ref *ref)
{
	if (!text_same(ref->row->catalog_type, "Federated"))
		return OK;
	return fail(cx, INVALID, "catalog \"%s\" is federated: its content is its upstream's",
		    ref->name);
}

enum status content_may_write(struct cx *cx, const struct catalog_ref *ref)
{
	enum status s = content_is_ours(cx, ref);

	if (s)
		return s;
	if (ref->read_only)
		return fail(cx, INVALID, "Tag %s of catalog %s is read-only", ref->branch_name,
			    ref->name);
	if (ref->merge_only)
		return fail(cx, DENIED,
			    "main of catalog %s is changed by merges only: write to a branch",
			    ref->name);
	return OK;
}

/* The epochs first, then what stands on them: all at one moment. */
static enum status read_catalog(struct cx *cx, struct store *st, struct catalog_ref *ref)
{
	struct epoch server = { .row = ROW(epoch), .tenant_id = "" };
	struct epoch own = { .row = ROW(epoch), .tenant_id = ref->tenant_id };
	struct tenant tenant = { .row = ROW(tenant), .tenant_id = ref->tenant_id };
	struct row *rows[] = { &server.row, &own.row, &tenant.row, &ref->row->row };
	enum status s = store_get_all(cx, st, rows, ARRAY_SIZE(rows));

	if (s)
		return s;
	if (!tenant.row.version)
		return fail(cx, NOT_FOUND, "Tenant does not exist: %s", ref->tenant_id);
	if (!ref->row->row.version)
		return fail(cx, NOT_FOUND, "Catalog does not exist: %s", ref->name);
	ref->server_epoch = server.row.version;
	ref->tenant_epoch = own.row.version;
	ref->catalog_id = ref->row->id;
	ref->tenant_version = tenant.row.version;
	s = quota_parse(cx, tenant.properties, &ref->quota);
	return s ? fail(cx, INTERNAL, "tenant %s: %s", ref->tenant_id, cx_strdup(cx, cx->message))
		 : OK;
}

/* A catalog without a warehouse may name a folder of the machine's. */
static bool names_folder(const struct catalog *c)
{
	return c->storage_location &&
	       (text_starts(c->storage_location, "file:") || *c->storage_location == '/');
}

static enum status read_branch(struct cx *cx, struct store *st, struct catalog_ref *ref)
{
	struct branch *branch = CX_NEW(cx, struct branch);
	struct warehouse *w = CX_NEW(cx, struct warehouse);
	struct row *rows[] = { &branch->row, &w->row };
	bool has_warehouse = ref->row->warehouse_name && *ref->row->warehouse_name;
	enum status s;

	*branch = (struct branch){ .row = ROW(branch),
				   .tenant_id = ref->tenant_id,
				   .catalog_id = ref->catalog_id,
				   .name = ref->branch_name };
	*w = (struct warehouse){ .row = ROW(warehouse),
				 .tenant_id = ref->tenant_id,
				 .name = ref->row->warehouse_name };
	s = store_get_all(cx, st, rows, has_warehouse ? 2 : 1);
	if (s)
		return s;
	if (!branch->row.version || text_same(branch->branch_type, "hidden"))
		return fail(cx, NOT_FOUND, "Branch does not exist: %s in catalog %s",
			    ref->branch_name, ref->name);
	if (has_warehouse && w->row.version)
		ref->warehouse = w;
	ref->on_default = !has_warehouse && st->fallback && !names_folder(ref->row);
	if (ref->on_default)
		ref->warehouse = default_storage_of(cx, st->fallback, ref->tenant_id);
	return take_branch(cx, branch, ref);
}

static enum status catalog_load(struct known_catalog *k, struct store *st, const char *tenant_id,
				const char *catalog, const char *branch)
{
	struct catalog_ref *ref = &k->ref;
	enum status s;

	*ref = (struct catalog_ref){
		.tenant_id = cx_strdup(&k->cx, tenant_id),
		.name = cx_strdup(&k->cx, catalog),
		.branch_name = cx_strdup(&k->cx, branch),
		.row = CX_NEW(&k->cx, struct catalog),
		.cx = &k->cx,
		.extra = CX_NEW(&k->cx, void *),
	};
	*ref->row = (struct catalog){ .row = ROW(catalog),
				      .tenant_id = ref->tenant_id,
				      .name = ref->name };
	s = read_catalog(&k->cx, st, ref);
	return s ? s : read_branch(&k->cx, st, ref);
}

static bool is_it(const struct known_catalog *k, const char *tenant_id, const char *catalog,
		  const char *branch)
{
	return k && strcmp(k->ref.tenant_id, tenant_id) == 0 && strcmp(k->ref.name, catalog) == 0 &&
	       strcmp(k->ref.branch_name, branch) == 0;
}

enum status content_catalog(struct cx *cx, struct content *c, struct store *st,
			    const char *tenant_id, const char *catalog, const char *branch,
			    const struct catalog_ref **out)
{
	const char *b = branch ? branch : "main";
	struct known_catalog *k, **slot = catalog_slot(c, tenant_id, catalog, b);
	enum status s;

	if (is_it(*slot, tenant_id, catalog, b)) {
		*out = &(*slot)->ref;
		c->hits++;
		return OK;
	}
	c->misses++;
	k = calloc(1, sizeof(*k));
	if (!k)
		abort();
	k->cx.deadline_ms = cx->deadline_ms;
	s = catalog_load(k, st, tenant_id, catalog, b);
	k->cx.deadline_ms = 0;
	if (s) {
		fail(cx, s, "%s", k->cx.message);
		catalog_free(k);
		return s;
	}
	take_out(cx, slot);
	*slot = k;
	*out = &k->ref;
	return OK;
}

/* --- places ----------------------------------------------------------------- */

struct place *place_asset(struct cx *cx, const struct catalog_ref *ref, const char *path,
			  const char *name)
{
	struct place *p = CX_NEW(cx, struct place);

	p->catalog = ref;
	p->namespace = path;
	p->name = name;
	p->rows = cx_array(cx, ref->n_levels, sizeof(*p->rows));
	return p;
}

struct place *place_function(struct cx *cx, const struct catalog_ref *ref, const char *path,
			     const char *name)
{
	return place_asset(cx, ref, namespace_functions(cx, path), name);
}

struct place *place_namespace(struct cx *cx, const struct catalog_ref *ref, const char *path)
{
	const char *last = strrchr(path, LEVEL_SEPARATOR);

	if (!last)
		return place_asset(cx, ref, namespace_children(cx, ""), path);
	return place_asset(cx, ref, cx_strndup(cx, path, (size_t)(last - path) + 1), last + 1);
}

/* One row a level: the living one of the branch, the one as of the cut of each parent. */
static void place_ask(struct place *p)
{
	const struct catalog_ref *ref = p->catalog;

	for (size_t i = 0; i < ref->n_levels; i++) {
		p->rows[i] = (struct asset){
			.row = ROW(asset),
			.tenant_id = ref->tenant_id,
			.catalog_id = ref->catalog_id,
			.branch_id = ref->levels[i].branch_id,
			.namespace = p->namespace,
			.name = p->name,
			.until = ref->levels[i].cut,
		};
		p->rows[i].row.first_after = ref->levels[i].cut != LIVING;
	}
}

static bool is_tombstone(const struct asset *a)
{
	return text_same(a->type, "TOMBSTONE");
}

static void place_settle(struct place *p)
{
	const struct catalog_ref *ref = p->catalog;
	struct asset *own = &p->rows[0];

	p->seen = p->below = NULL;
	for (size_t i = 1; i < ref->n_levels; i++) {
		struct asset *a = &p->rows[i];

		if (!a->row.version || a->born > ref->levels[i].cut)
			continue;
		p->below = is_tombstone(a) ? NULL : a;
		break;
	}
	if (own->row.version && own->born <= ref->levels[0].cut)
		p->seen = is_tombstone(own) ? NULL : own;
	else
		p->seen = p->below;
}

enum status content_read(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			 struct branch *branch, struct place *const *places, size_t n_places,
			 struct row *const *more, size_t n_more)
{
	size_t n = 0, max = 1 + n_more;
	struct row **rows;
	enum status s;

	for (size_t i = 0; i < n_places; i++)
		max += places[i]->catalog->n_levels;
	rows = cx_array(cx, max, sizeof(*rows));
	for (size_t i = 0; i < n_more; i++)
		rows[n++] = more[i];
	if (branch) {
		*branch = (struct branch){ .row = ROW(branch),
					   .tenant_id = ref->tenant_id,
					   .catalog_id = ref->catalog_id,
					   .name = ref->branch_name };
		rows[n++] = &branch->row;
	}
	for (size_t i = 0; i < n_places; i++) {
		place_ask(places[i]);
		for (size_t k = 0; k < places[i]->catalog->n_levels; k++)
			rows[n++] = &places[i]->rows[k].row;
	}
	s = store_get_all(cx, st, rows, n);
	if (s)
		return s;
	for (size_t i = 0; i < n_places; i++)
		place_settle(places[i]);
	if (branch && !branch->row.version)
		return fail(cx, NOT_FOUND, "Catalog does not exist: %s", ref->name);
	if (branch && !text_same(branch->id, ref->branch_id))
		return fail(cx, NOT_FOUND, "Branch does not exist any more: %s in catalog %s",
			    ref->branch_name, ref->name);
	return OK;
}
