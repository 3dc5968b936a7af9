/* SPDX-License-Identifier: Apache-2.0 */
/* content.h - a catalog's content: one map of names, versioned by cuts. */
#ifndef STORES_CONTENT_H
#define STORES_CONTENT_H

#include "common/json.h"
#include "stores/quotas.h"

/*
 * Cuts.  A branch counts the cuts taken of it.  Taking one is UPDATE cut + 1;
 * what it shows is named by the count before.  A row written while the count
 * is c has born = c; a row that changes while born < c is first kept with
 * until = c.  So a branch as of cut k is, for each name, the row with the
 * least until > k, where its born <= k.
 */

/* One level of a branch's ancestry: its own rows first, then parents as of a cut. */
struct level {
	const char *branch_id;
	int64_t cut; /* rows with until > cut, born <= cut; LIVING for the branch itself */
};

#define MAX_LEVELS 32

/* What a process keeps of a catalog and branch while the epochs stand. */
struct catalog_ref {
	const char *tenant_id, *catalog_id, *name;
	const char *branch_id, *branch_name;
	const struct level *levels;
	size_t n_levels;      /* >= 1 */
	bool read_only;	      /* a tag */
	bool merge_only;      /* main, of a catalog with the property MERGE_ONLY */
	bool main_merge_only; /* the same of the catalog's main, whatever branch this is */
	/* There is or was a branch or tag beside main: files of a table may be read through
	 * rows that an engine can't see. */
	bool guarded;
	struct catalog *row;
	struct warehouse *warehouse;	    /* NULL: the catalog has none */
	bool on_default;		    /* it is a tenant's folder of the operator's own */
	int64_t server_epoch, tenant_epoch; /* versions read before all of the above */
	struct quota quota;		    /* the tenant's */
	int64_t tenant_version;		    /* of the tenant's row, which says it */
	struct cx *cx;			    /* memory that lives as long as the ref */
	void **extra; /* for what a layer above works out of it once (fcgi/tables/scope.h); in cx */
};

/* --- what a process knows ------------------------------------------------- */

struct content;

struct content *content_open(void);
void content_close(struct content *c);

/* How often a catalog that was asked for was known, and was not. */
void content_counts(const struct content *c, uint64_t *hits, uint64_t *misses);

/* True where these are the versions of both epochs that content_note() was
 * last given for the tenant. */
bool content_stands(const struct content *c, const char *tenant_id, int64_t server_epoch,
		    int64_t tenant_epoch);
void content_note(struct content *c, const char *tenant_id, int64_t server_epoch,
		  int64_t tenant_epoch);

/* The tenant's quota as it was noted since content_note(), or NULL. */
const struct quota *content_quota(const struct content *c, const char *tenant_id);
void content_note_quota(struct content *c, const char *tenant_id, const struct quota *quota);

/*
 * The catalog of that name and its branch (NULL = main): as cached, or read in
 * two round trips.  The caller compares its epochs with those it reads along
 * with its rows, and calls content_forget() and again where they differ.
 * NOT_FOUND: no such tenant, catalog or branch (absence is never cached).
 * `*out` holds until cx_reset.
 */
MUST_USE enum status content_catalog(struct cx *cx, struct content *c, struct store *st,
				     const char *tenant_id, const char *catalog, const char *branch,
				     const struct catalog_ref **out);
void content_forget(struct cx *cx, struct content *c, const struct catalog_ref *ref);

/* A property of a catalog: "true" = main takes changes by merges alone. */
#define MERGE_ONLY "branches.main.merge-only"

/* Another branch of the same catalog, from its row: a ref in cx's memory, cached nowhere. */
MUST_USE enum status content_branch(struct cx *cx, const struct catalog_ref *ref,
				    const struct branch *branch, struct catalog_ref **out);

/* INVALID: a federated catalog, which has no branches and nothing in it here. */
MUST_USE enum status content_is_ours(struct cx *cx, const struct catalog_ref *ref);

/* INVALID: not ours, or "Tag v1 is read-only ..."; DENIED: main, and the catalog has MERGE_ONLY. */
MUST_USE enum status content_may_write(struct cx *cx, const struct catalog_ref *ref);

/* --- one name on a branch ------------------------------------------------- */

/* A place of the map as a branch sees it through its levels. */
struct place {
	const struct catalog_ref *catalog;
	const char *namespace, *name; /* key columns, as in struct asset */
	struct asset *rows;	      /* [n_levels]; rows[0] is the branch's own */
	struct asset *seen;	      /* what the branch shows, or NULL */
	struct asset *below;	      /* what the parents alone would show, or NULL */
};

/* The place of a table or other asset in the namespace `path` (levels joined by \x1F). */
struct place *place_asset(struct cx *cx, const struct catalog_ref *ref, const char *path,
			  const char *name);
/* The place of a function: no other asset's, so a table can have the name too. */
struct place *place_function(struct cx *cx, const struct catalog_ref *ref, const char *path,
			     const char *name);
/* The place of the namespace `path` itself. */
struct place *place_namespace(struct cx *cx, const struct catalog_ref *ref, const char *path);

/*
 * Reads, at one moment and in one round trip: the ref's branch's row (unless `branch`
 * is NULL), the places, which may be of other refs, and `more` rows.  NOT_FOUND: the catalog or
 * branch was dropped, also where another branch has its name by now.
 */
MUST_USE enum status content_read(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				  struct branch *branch, struct place *const *places,
				  size_t n_places, struct row *const *more, size_t n_more);

/* --- listing --------------------------------------------------------------- */

struct page {
	const char *after; /* names greater than this, or NULL */
	size_t limit;	   /* >= 1; 0 = all there are */
	/* Which types count; NULL ends; none named = all. */
	const char *types[4];
	/* Asked for each row that counts: false leaves it out.  NULL = all. */
	bool (*keep)(void *arg, const struct asset *row);
	/* Called with each row before keep is, among others and in its own time: for what keep
	 * has to have read.  NULL = nothing. */
	enum status (*ahead)(void *arg, const struct asset *rows, size_t n);
	void *arg;
};

struct listing {
	struct asset **rows; /* by name */
	size_t n;
	const char *next; /* `after` of the next page, or NULL: that was all */
};

/*
 * The rows whose namespace column is exactly `namespace`, as the branch shows
 * them, in byte order of names.  At most 10,000 rows are looked at for a page
 * with a limit; it may then be short and still have a next one.
 */
MUST_USE enum status content_list(struct cx *cx, struct store *st, const struct catalog_ref *ref,
				  const char *namespace, const struct page *page,
				  struct listing *out);

/* --- names ------------------------------------------------------------------ */

#define LEVEL_SEPARATOR '\x1f'
#define FUNCTIONS_MARK '\x1e' /* behind the path of a namespace: its functions */
#define MAX_NAMESPACE_LEVELS 16

/* The namespace column of the rows of child namespaces of `path` ("" = top level). */
const char *namespace_children(struct cx *cx, const char *path);

/* The namespace column of the rows of the functions in `path`. */
const char *namespace_functions(struct cx *cx, const char *path);

/* "a.b", also of a function's namespace column: for messages. */
const char *namespace_shown(struct cx *cx, const char *path);
/* "a.b.t"; of a namespace's own place "a.b" */
const char *asset_shown(struct cx *cx, const char *path, const char *name);

/*
 * INVALID unless a NEW namespace or asset may be called so: levels and names
 * are UTF-8 without control bytes and '@', not empty, not "." or ".."; at most
 * 16 levels; and no web server that routes by the decoded path would take the
 * name for a route of another family.
 */
MUST_USE enum status namespace_check(struct cx *cx, const char *path);
MUST_USE enum status asset_name_check(struct cx *cx, const char *path, const char *name);

#endif
