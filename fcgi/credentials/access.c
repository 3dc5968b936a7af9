/* SPDX-License-Identifier: Apache-2.0 */
/* access.c - keys to a table's files, and requests for them signed. */
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/credentials/credentials.h"
#include "fcgi/credentials/places.h"
#include "fcgi/idents.h"
#include "fcgi/tables/tables.h"
#include "stores/absent.h"
#include "stores/audit.h"
#include "vending/azure.h"
#include "vending/google.h"
#include "vending/selftest.h"
#include "vending/sign.h"

#define PRESIGNED_S 3600

/* --- tables that are not there -------------------------------------------------------- */

/* A dropped table's folders are free: only while nobody has put another one there. */
static enum status check_unclaimed(struct request *rq, const struct delegated *t)
{
	struct claim claim;
	struct row **rows;
	size_t n;
	enum status s = scope_claim(rq->cx, t->sc, t->row, &claim);

	if (s)
		return s;
	rows = claim_rows(rq->cx, &claim, &n);
	s = n ? store_get_all(rq->cx, rq->rs->store, rows, n) : OK;
	if (!s && claim_check(rq->cx, &claim, ""))
		s = fail(rq->cx, DENIED, "another table has the dropped one's folder");
	return s;
}

/* What the caller staged, or dropped, under that id. */
static enum status find_absent(struct request *rq, const char *asset_id, bool signs,
			       struct delegated *t, struct vend_scope *scope)
{
	struct asset *row = CX_NEW(rq->cx, struct asset);
	struct absent a;
	enum status s = absent_find(rq->cx, rq->rs->store, t->ref, &t->at, asset_id,
				    delegate_owner(rq), &a);

	if (!s && !absent_is_staged(&a) && !signs)
		s = fail(rq->cx, NOT_FOUND, "the table was dropped");
	if (s)
		return s;
	*row = (struct asset){ .asset_id = a.asset_id,
			       .location = a.location,
			       .data_path = a.data_path,
			       .metadata_path = a.metadata_path };
	t->row = row;
	t->staged = true;
	s = absent_is_staged(&a) ? absent_keep(rq->cx, rq->rs->store, &a) : check_unclaimed(rq, t);
	if (!s)
		s = delegate_scope(rq, t, scope);
	if (!s && !absent_is_staged(&a))
		scope->verbs &= ~(unsigned)VEND_WRITE;
	return s;
}

/*
 * The path's table and what may be done in its folders.  `signs`: one that the caller just dropped
 * will do.  What leaves this server (a session, a URL) would outlive what is put there next.
 */
static enum status path_scope(struct request *rq, bool signs, struct delegated *t,
			      struct vend_scope *scope)
{
	const char *id = NULL;
	enum status s = request_query(rq, "table", &id), missing;

	t->ref = rq->resolved->catalog;
	t->at = (struct asset_name){ rq->resolved->path, rq->resolved->name };
	if (!s)
		s = scope_of(rq->cx, t->ref, &t->sc);
	if (s)
		return s;
	missing = path_table(rq, &t->row);
	if (id && (missing || !text_same(t->row->asset_id, id))) {
		s = find_absent(rq, id, signs, t, scope);
		if (s != NOT_FOUND)
			return s;
		missing = path_table(rq, &t->row);
	}
	return missing ? missing : delegate_scope(rq, t, scope);
}

/* --- credentials ---------------------------------------------------------------------- */

static bool vends(const struct storage *s)
{
	return s->vending == VEND_SESSION || s->vending == VEND_STATIC;
}

/* {"storage-credentials": [...]}: an empty list where clients have other ways. */
static enum status answer_credentials(struct request *rq, const struct delegated *t,
				      const struct vend_scope *scope)
{
	struct json_object *o = json_new_object(rq->cx), *list = json_new_array(rq->cx);
	struct vended v;
	enum status s = OK;

	if (t->sc->problem || vends(&t->sc->storage)) {
		s = delegate_vend(rq, t, scope, &v);
		if (s)
			return s;
		list = delegate_credentials(rq->cx, scope, &v);
	}
	json_set(o, "storage-credentials", list);
	answer_header(rq, "Cache-Control", "private, no-store");
	return answer_json(rq, 200, o);
}

enum status load_credentials(struct request *rq)
{
	struct vend_scope scope;
	struct delegated t = { 0 };
	enum status s = path_scope(rq, false, &t, &scope);

	return s ? s : answer_credentials(rq, &t, &scope);
}

/* /api/v1/catalogs/{c}/tables/{a.b.t}/credentials */
static enum status dotted_name(struct request *rq, struct asset_name *out,
			       const struct catalog_ref **ref)
{
	char *text = cx_strdup(rq->cx, rq->segments[1]), *dot = strrchr(text, '.');

	if (!dot || dot == text || !dot[1])
		return fail(rq->cx, INVALID, "\"%s\" is no <namespace>.<table>", text);
	*dot = '\0';
	for (char *c = text; *c; c++)
		if (*c == '.')
			*c = LEVEL_SEPARATOR;
	*out = (struct asset_name){ text, dot + 1 };
	return resolve_names(rq, &out->path, &out->name, ref);
}

static enum status find_dotted(struct request *rq, struct delegated *t)
{
	struct place *p;
	enum status s = dotted_name(rq, &t->at, &t->ref);

	if (s)
		return s;
	p = place_asset(rq->cx, t->ref, t->at.path, t->at.name);
	s = content_read(rq->cx, rq->rs->store, t->ref, NULL, &p, 1, NULL, 0);
	t->row = p->seen && text_same(p->seen->type, "ICEBERG_TABLE") ? p->seen : NULL;
	return s;
}

enum status catalog_credentials_objects(struct request *rq,
					enum status (*visit)(struct request *rq, enum action action,
							     const struct object *object))
{
	struct object object = rq->object;
	struct delegated t = { 0 };
	enum status s = find_dotted(rq, &t);

	if (s)
		return s;
	object.kind = ON_ASSET;
	object.namespace = t.at.path;
	object.name = t.at.name;
	object.asset_id = t.row ? t.row->asset_id : NULL;
	return visit(rq, MAY_READ, &object);
}

enum status load_catalog_credentials(struct request *rq)
{
	struct vend_scope scope;
	struct delegated t = { 0 };
	enum status s = find_dotted(rq, &t);

	if (!s && !t.row)
		s = fail(rq->cx, NOT_FOUND, "Table does not exist: %s",
			 asset_shown(rq->cx, t.at.path, t.at.name));
	if (!s)
		s = scope_of(rq->cx, t.ref, &t.sc);
	if (!s)
		s = delegate_scope(rq, &t, &scope);
	return s ? s : answer_credentials(rq, &t, &scope);
}

/* The management interface's own names for what is vended, by the storage's scheme. */
static const struct {
	const char *scheme, *type, *name, *property;
} own_names[] = {
	{ "s3", "Aws", "access_key_id", "s3.access-key-id" },
	{ "s3", "Aws", "secret_access_key", "s3.secret-access-key" },
	{ "s3", "Aws", "session_token", "s3.session-token" },
	{ "abfss", "Azure", "sas_token", "adls.sas-token" },
	{ "abfss", "Azure", "account_name", "adls.account-name" },
	{ "gs", "Gcp", "access_token", "gcs.oauth2.token" },
};

static enum status answer_own(struct request *rq, const struct vended *v)
{
	struct json_object *o = json_new_object(rq->cx);

	for (size_t i = 0; i < ARRAY_SIZE(own_names); i++) {
		if (!text_same(own_names[i].scheme, v->storage.scheme))
			continue;
		json_set_text(o, "type", own_names[i].type);
		json_set_text(o, own_names[i].name,
			      json_text(v->configs[0], own_names[i].property));
	}
	json_set_text(o, "expiration", v->expires_ms ? text_time(rq->cx, v->expires_ms) : NULL);
	answer_header(rq, "Cache-Control", "private, no-store");
	return answer_json(rq, 200, o);
}

enum status load_warehouse_credentials(struct request *rq)
{
	struct vend_scope scope = { .n = 1, .verbs = VEND_READ | VEND_WRITE | VEND_DELETE };
	struct vend_for what = { .scope = &scope };
	const char *location;
	struct place_of p;
	struct vended v;
	enum status s = request_query(rq, "location", &location);

	if (!s)
		s = place_of(rq, rq->segments[0], location, &p);
	if (s)
		return s;
	scope.folders[0] = p.folder;
	what.warehouse = p.warehouse;
	what.storage = &p.storage;
	what.asset_id = p.asset_id;
	what.name = p.folder.text;
	s = delegate_session(rq, &what, &v);
	return s ? s : answer_own(rq, &v);
}

/* --- the self-test -------------------------------------------------------------------- */

enum status test_warehouse(struct request *rq)
{
	struct audit *a;
	struct change record = { .op = INSERT };
	struct storage storage;
	struct selftest result;
	struct warehouse w;
	enum status s = warehouse_find(rq->cx, rq->rs->store, rq->tenant_id, rq->segments[0], &w);

	if (s)
		return s;
	a = audit_new(rq->cx, request_actor(rq), rq->tenant_id, "test_warehouse", "warehouse", w.id,
		      w.name);
	record.row = &a->row;
	s = store_apply(rq->cx, rq->rs->store, &record, 1, NULL);
	if (s)
		return s;
	s = storage_of(rq->cx, &w, &storage);
	selftest_run(rq->cx, rq->rs->cloud, rq->rs->vault, &storage,
		     s ? cx_strdup(rq->cx, rq->cx->message) : NULL, &result);
	return answer_json(rq, 200, selftest_json(rq->cx, &result));
}

/* --- signatures ----------------------------------------------------------------------- */

static enum status check_signs(struct request *rq, const struct storage *s)
{
	if (!text_same(s->scheme, "s3") || s->vending == VEND_NOTHING)
		return fail(rq->cx, INVALID, "the warehouse signs no requests");
	return OK;
}

static enum status read_signing(struct request *rq, struct sign_request *r)
{
	const char *provider = "s3", *region;
	struct cx *cx = rq->cx;
	enum status s = request_json(rq, false);

	*r = (struct sign_request){ 0 };
	if (!s)
		s = json_get_text(cx, rq->json, "", "region", &region);
	if (!s)
		s = json_get_text(cx, rq->json, "", "uri", &r->uri);
	if (!s)
		s = json_get_text(cx, rq->json, "", "method", &r->method);
	if (!s)
		s = json_get_object(cx, rq->json, "", "headers", &r->headers);
	if (!s)
		s = json_opt_text(cx, rq->json, "", "body", &r->body);
	if (!s)
		s = json_opt_text(cx, rq->json, "", "provider", &provider);
	if (!s && strcmp(provider, "s3") != 0)
		s = fail(cx, INVALID, "provider: only requests to S3 are signed");
	return s;
}

/* {"uri", "headers": {name: [value]}} */
static enum status answer_signed(struct request *rq, const struct sign_answer *a)
{
	struct json_object *o = json_new_object(rq->cx), *headers = json_new_object(rq->cx);

	for (size_t i = 0; i < a->n_headers; i++) {
		struct json_object *values = json_new_array(rq->cx);

		json_add_text(values, a->headers[i].value);
		json_set(headers, a->headers[i].name, values);
	}
	json_set_text(o, "uri", a->uri);
	json_set(o, "headers", headers);
	answer_header(rq, "Cache-Control", a->cacheable ? "private" : "no-cache");
	return answer_json(rq, 200, o);
}

/*
 * Whose keys sign.  A session's, where there are any: what a storage makes of a request
 * beyond what was signed is then limited too.  With the storage's own, requests that
 * write only where that is said to be safe.
 */
static enum status signing_keys(struct request *rq, const struct delegated *t,
				struct vend_scope *scope, struct storage *out)
{
	struct vended v;
	enum status s = INVALID;

	if (t->sc->storage.vending == VEND_SESSION)
		s = delegate_vend(rq, t, scope, &v);
	if (s && s != INVALID)
		return s;
	*out = s ? t->sc->storage : v.storage;
	if (s && !out->signs_writes)
		scope->verbs &= ~(unsigned)VEND_WRITE;
	return OK;
}

enum status sign_table(struct request *rq)
{
	struct sign_request request;
	struct sign_answer signature;
	struct vend_scope scope;
	struct delegated t = { 0 };
	struct storage keys;
	enum status s = path_scope(rq, true, &t, &scope);

	if (!s)
		s = check_signs(rq, &t.sc->storage);
	if (!s)
		s = read_signing(rq, &request);
	if (!s)
		s = signing_keys(rq, &t, &scope, &keys);
	if (!s)
		s = sign_request(rq->cx, &keys, &scope, &request, cx_now_ms(), &signature);
	return s ? s : answer_signed(rq, &signature);
}

/* By the storage's own keys. */
static enum status url_of(struct request *rq, const struct storage *storage,
			  const struct vend_scope *scope, const char *location, int64_t for_s,
			  const char **out)
{
	struct location l;
	enum status s;

	if (text_same(storage->scheme, "s3")) {
		s = check_signs(rq, storage);
		return s ? s : sign_url(rq->cx, storage, scope, location, for_s, cx_now_ms(), out);
	}
	if (storage->vending == VEND_NOTHING)
		return fail(rq->cx, INVALID, "the warehouse signs no URLs");
	s = vend_scope_holds(rq->cx, scope, location, &l);
	if (s)
		return s;
	if (text_same(storage->scheme, "abfss"))
		return azure_url(rq->cx, rq->rs->cloud, storage, &l, cx_now_ms() + for_s * 1000,
				 out);
	return google_url(rq->cx, rq->rs->cloud, storage, &l, for_s, out);
}

/* A URL that reads one file, no longer than the caller's own credential lives. */
static enum status answer_url(struct request *rq, const struct storage *storage,
			      const struct vend_scope *scope, const char *location)
{
	struct json_object *o = json_new_object(rq->cx);
	int64_t left_s = PRESIGNED_S;
	const char *url;
	enum status s;

	if (rq->who->expires_ms && (rq->who->expires_ms - cx_now_ms()) / 1000 < left_s)
		left_s = (rq->who->expires_ms - cx_now_ms()) / 1000;
	s = url_of(rq, storage, scope, location, left_s > 0 ? left_s : 1, &url);
	if (s)
		return s;
	json_set_text(o, "url", url);
	answer_header(rq, "Cache-Control", "private, no-store");
	return answer_json(rq, 200, o);
}

enum status presign_table(struct request *rq)
{
	struct vend_scope scope;
	struct delegated t = { 0 };
	const char *location;
	enum status s = path_scope(rq, false, &t, &scope);

	if (!s)
		s = request_query(rq, "location", &location);
	if (!s && !location)
		s = fail(rq->cx, INVALID, "location is missing");
	return s ? s : answer_url(rq, &t.sc->storage, &scope, location);
}

enum status presign_location(struct request *rq)
{
	struct vend_scope scope = { .n = 1, .verbs = VEND_READ };
	const char *location;
	struct place_of p;
	enum status s = request_query(rq, "location", &location);

	if (!s)
		s = place_of(rq, NULL, location, &p);
	if (s)
		return s;
	scope.folders[0] = p.folder;
	return answer_url(rq, &p.storage, &scope, location);
}
