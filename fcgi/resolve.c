/* SPDX-License-Identifier: Apache-2.0 */
/* resolve.c - from a path's names to rows, in one round trip with the epochs. */
#include "fcgi/resolve.h"

#include "common/text.h"
#include "fcgi/auth.h"
#include "stores/catalogs.h"

#define MAX_ROUNDS 4

/* The rows every request begins with. */
struct ground {
	struct epoch server, own;
	struct tenant tenant; /* read where root chose it by a header, by who writes, and where its
			       * quota is not known */
	struct row *rows[4];
	size_t n;
};

static enum status choose_tenant(struct request *rq, bool *chosen)
{
	const char *header = request_header(rq, "x-pangolin-tenant");

	*chosen = false;
	if (rq->who->role != ROLE_ROOT) {
		rq->tenant_id = rq->who->tenant_id;
		return OK;
	}
	rq->tenant_id = NIL_UUID;
	if (!header || !*header)
		return OK;
	if (!text_is_uuid(header))
		return fail(rq->cx, INVALID, "X-Pangolin-Tenant is not a UUID");
	rq->tenant_id = header;
	*chosen = true;
	return OK;
}

/* What reading leaves behind (records, plans, metrics) does not count as writing; what
 * asks in its handler what it may do does. */
static bool is_write(const struct route *r)
{
	if (strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0)
		return false;
	return r->on != ON_SERVER &&
	       (r->action > MAY_READ || r->action == MAY_ANYTHING_OWN || r->objects);
}

static void ground_ask(struct ground *g, const struct request *rq, bool chosen)
{
	const char *tenant_id = rq->tenant_id;
	bool asks_tenant = chosen || !content_quota(rq->rs->content, tenant_id);

	g->server = (struct epoch){ .row = ROW(epoch), .tenant_id = "" };
	g->own = (struct epoch){ .row = ROW(epoch), .tenant_id = tenant_id };
	g->tenant = (struct tenant){ .row = ROW(tenant), .tenant_id = tenant_id };
	g->n = 0;
	g->rows[g->n++] = &g->server.row;
	if (*tenant_id)
		g->rows[g->n++] = &g->own.row;
	if (asks_tenant || (*tenant_id && is_write(rq->route)))
		g->rows[g->n++] = &g->tenant.row;
	if (rq->key) {
		*rq->key = (struct idempotency_key){ .row = ROW(idempotency_key),
						     .tenant_id = tenant_id,
						     .key = rq->key->key };
		g->rows[g->n++] = &rq->key->row;
	}
}

/* What was read along of the tenant's quota; one that does not read is find_quota's to tell. */
static void note_quota(struct request *rq, const struct ground *g)
{
	struct quota quota;

	if (g->tenant.row.version && !quota_parse(rq->cx, g->tenant.properties, &quota))
		content_note_quota(rq->rs->content, rq->tenant_id, &quota);
}

/* Whoever was verified before the epochs moved is verified again. */
static enum status verify_again(struct request *rq, const struct ground *g)
{
	struct content *c = rq->rs->content;
	enum status s;

	if (content_stands(c, rq->tenant_id, g->server.row.version, g->own.row.version)) {
		note_quota(rq, g);
		return OK;
	}
	if (g->server.min_program > store_program()) {
		rq->rs->ending = true;
		return fail(rq->cx, UNAVAILABLE, "the server is being upgraded: try again");
	}
	content_note(c, rq->tenant_id, g->server.row.version, g->own.row.version);
	note_quota(rq, g);
	auth_forget(rq->rs);
	s = authenticate(rq);
	if (!s && !rq->who)
		s = fail(rq->cx, UNAUTHENTICATED, "a credential is needed");
	return s;
}

/* --- names --------------------------------------------------------------------- */

/* A catalog and branch.  What a body names is cached for itself: it stands where it was
 * read under the epochs that stand for the path's. */
static enum status branch_of(struct request *rq, const char *catalog, const char *branch,
			     const struct catalog_ref **out)
{
	const struct catalog_ref *own = rq->resolved ? rq->resolved->catalog : NULL;
	struct content *c = rq->rs->content;
	enum status s =
		content_catalog(rq->cx, c, rq->rs->store, rq->tenant_id, catalog, branch, out);

	if (s || !own ||
	    ((*out)->server_epoch == own->server_epoch &&
	     (*out)->tenant_epoch == own->tenant_epoch))
		return s;
	content_forget(rq->cx, c, *out);
	return content_catalog(rq->cx, c, rq->rs->store, rq->tenant_id, catalog, branch, out);
}

/* Cuts @branch off *text where it names one; the first branch found stays. */
static enum status split_branch(struct request *rq, const char *catalog, const char **text,
				const char **branch)
{
	const char *level = strrchr(*text, LEVEL_SEPARATOR);
	const char *at = strrchr(level ? level + 1 : *text, '@');
	const struct catalog_ref *ref;
	enum status s;

	if (!at || !at[1] || at == (level ? level + 1 : *text))
		return OK;
	s = branch_of(rq, catalog, at + 1, &ref);
	if (s)
		return s == NOT_FOUND ? OK : s;
	if (catalog_is_federated(ref->row))
		return OK; /* what an '@' says there is its upstream's business */
	if (!*branch)
		*branch = at + 1;
	*text = cx_strndup(rq->cx, *text, (size_t)(at - *text));
	return OK;
}

static enum status find_catalog(struct request *rq, const char *catalog, const char **path,
				const char **name, const char *otherwise,
				const struct catalog_ref **out)
{
	const char *branch = NULL;
	enum status s = OK;

	if (*name)
		s = split_branch(rq, catalog, name, &branch);
	if (!s && *path)
		s = split_branch(rq, catalog, path, &branch);
	if (s)
		return s;
	return branch_of(rq, catalog, branch ? branch : otherwise, out);
}

enum status resolve_names(struct request *rq, const char **path, const char **name,
			  const struct catalog_ref **ref)
{
	const struct catalog_ref *own = rq->resolved->catalog;

	return find_catalog(rq, own->name, path, name, own->branch_name, ref);
}

/* --- rows ----------------------------------------------------------------------- */

static struct asset *seen_or_none(struct cx *cx, const struct place *p)
{
	return p->seen ? p->seen : CX_NEW(cx, struct asset);
}

/* The places the route names, at `path`, and `g` before them: one round trip. */
static enum status look(struct request *rq, struct resolved *r, const char *path, struct ground *g)
{
	struct cx *cx = rq->cx;
	struct place *places[2];
	size_t n = 0;
	enum status s;

	r->path = path;
	r->asset_place = r->namespace_place = NULL;
	if (rq->route->on == ON_NAMESPACE)
		places[n++] = r->namespace_place = place_namespace(cx, r->catalog, path);
	if (rq->route->on == ON_ASSET)
		places[n++] = r->asset_place =
			(rq->route->flags & NOUN_FUNCTION ? place_function : place_asset)(
				cx, r->catalog, path, r->name);
	s = content_read(cx, rq->rs->store, r->catalog, r->branch, places, n, g->rows, g->n);
	if (s)
		return s;
	if (r->namespace_place)
		r->namespace_row = seen_or_none(cx, r->namespace_place);
	if (r->asset_place)
		r->asset = seen_or_none(cx, r->asset_place);
	return OK;
}

/* "a.b" is no namespace: is there a namespace b in a? */
static enum status look_by_dots(struct request *rq, struct resolved *r)
{
	struct place *p = r->asset_place ? r->asset_place : r->namespace_place;
	struct resolved other = *r;
	struct ground none = { .n = 0 };
	char *path;
	enum status s;

	if (!p || p->seen || !strchr(r->path, '.') || strchr(r->path, LEVEL_SEPARATOR))
		return OK;
	path = cx_strdup(rq->cx, r->path);
	for (char *c = path; *c; c++)
		if (*c == '.')
			*c = LEVEL_SEPARATOR;
	s = look(rq, &other, path, &none);
	p = other.asset_place ? other.asset_place : other.namespace_place;
	if (!s && p->seen)
		*r = other;
	return s;
}

/* What messages call the path's asset; NULL: a table. */
static const char *noun(unsigned flags)
{
	return flags & NOUN_VIEW ? "View" : flags & NOUN_FUNCTION ? "Function" : NULL;
}

static void describe(struct request *rq)
{
	const struct resolved *r = rq->resolved;

	rq->object = (struct object){ .kind = rq->route->on, .tenant_id = rq->tenant_id };
	if (!r)
		return;
	rq->object.catalog_id = r->catalog->catalog_id;
	rq->object.catalog = r->catalog->name;
	rq->object.namespace = r->path;
	rq->object.name = r->name;
	rq->object.asset_id = r->asset ? r->asset->asset_id : NULL;
	rq->object.noun = noun(rq->route->flags);
}

/* Routes that name no catalog. */
static enum status resolve_tenant(struct request *rq, struct ground *g)
{
	enum status s = store_get_all(rq->cx, rq->rs->store, g->rows, g->n);

	rq->resolved = NULL;
	return s ? s : verify_again(rq, g);
}

/* A missing catalog is told only to who is still who he was. */
static enum status missing(struct request *rq, struct ground *g)
{
	const char *why = cx_strdup(rq->cx, rq->cx->message);
	enum status s = resolve_tenant(rq, g);

	return s ? s : fail(rq->cx, NOT_FOUND, "%s", why);
}

/* One round.  *stale: the catalog was cached under epochs that moved since. */
static enum status resolve_catalog(struct request *rq, struct ground *g, bool *stale)
{
	struct resolved *r = CX_NEW(rq->cx, struct resolved);
	const char *path = rq->route->on >= ON_NAMESPACE ? rq->segments[1] : NULL;
	const char *branch = NULL;
	enum status s;

	if (rq->route->on == ON_ASSET)
		r->name = rq->segments[2];
	s = request_query(rq, "branch", &branch);
	if (!s)
		s = find_catalog(rq, rq->segments[0], &path, &r->name, branch, &r->catalog);
	if (s)
		return s == NOT_FOUND ? missing(rq, g) : s;
	if (rq->route->flags & BRANCH_ROW)
		r->branch = CX_NEW(rq->cx, struct branch);
	r->branch_name = r->catalog->branch_name;
	s = look(rq, r, path, g);
	*stale = (!s || s == NOT_FOUND) && (r->catalog->server_epoch != g->server.row.version ||
					    r->catalog->tenant_epoch != g->own.row.version);
	if (*stale)
		content_forget(rq->cx, rq->rs->content, r->catalog);
	if (s || *stale)
		return s;
	rq->resolved = r;
	s = verify_again(rq, g);
	return s ? s : look_by_dots(rq, r);
}

enum status resolve(struct request *rq)
{
	struct ground g;
	bool chosen, stale = true;
	enum status s = OK;

	for (size_t i = 0; i < MAX_ROUNDS && stale; i++) {
		s = choose_tenant(rq, &chosen);
		if (s)
			return s;
		stale = false;
		ground_ask(&g, rq, chosen);
		if (rq->route->on >= ON_CATALOG)
			s = resolve_catalog(rq, &g, &stale);
		else
			s = resolve_tenant(rq, &g);
	}
	if (stale)
		return fail(rq->cx, UNAVAILABLE, "the catalog is being changed: try again");
	if (!s && chosen && !g.tenant.row.version)
		s = fail(rq->cx, NOT_FOUND, "no tenant \"%s\"", rq->tenant_id);
	if (!s && is_write(rq->route) && g.tenant.read_only)
		s = fail(rq->cx, UNAVAILABLE, "nothing can be changed for now: %s",
			 g.tenant.read_only);
	if (!s)
		describe(rq);
	return s;
}
