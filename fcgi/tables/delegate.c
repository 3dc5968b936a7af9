/* SPDX-License-Identifier: Apache-2.0 */
/* delegate.c - credentials and signers in a table's answers. */
#include "fcgi/tables/delegate.h"

#include <strings.h>

#include "common/hmac.h"
#include "common/log.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/decide.h"

#define STAGED_SESSION_S 3600 /* shorter than its folder is reserved: STAGED_MS, absent_keep */
#define MAX_CONFIG_DEPTH 4

enum asked { ASKED_CREDENTIALS = 1, ASKED_SIGNING = 2 };

static unsigned asked(const struct request *rq)
{
	const char *list = request_header(rq, "x-iceberg-access-delegation");
	unsigned out = 0;

	while (list && *list) {
		size_t n;

		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == strlen("vended-credentials") &&
		    !strncasecmp(list, "vended-credentials", n))
			out |= ASKED_CREDENTIALS;
		if (n == strlen("remote-signing") && !strncasecmp(list, "remote-signing", n))
			out |= ASKED_SIGNING;
		list += n;
	}
	return out;
}

static bool vends(const struct request *rq, const struct scope *sc)
{
	enum vending vending = sc->storage.vending;

	return asked(rq) & ASKED_CREDENTIALS && (vending == VEND_SESSION || vending == VEND_STATIC);
}

bool delegate_signs(const struct request *rq, const struct scope *sc)
{
	return asked(rq) & ASKED_SIGNING && sc->storage.vending != VEND_NOTHING &&
	       text_same(sc->storage.scheme, "s3") && sc->storage.access_key_id;
}

bool delegate_reaches(const struct request *rq, const struct scope *sc)
{
	return vends(rq, sc) || delegate_signs(rq, sc);
}

const char *delegate_owner(const struct request *rq)
{
	return cx_printf(rq->cx, "%d/%s", (int)rq->who->kind, rq->who->id);
}

/* --- the scope ---------------------------------------------------------------------- */

/* A folder in another adds nothing. */
static enum status add_folder(struct request *rq, const struct delegated *t, const char *text,
			      struct vend_scope *out)
{
	struct location l;
	size_t kept = 0;
	enum status s;

	if (!text)
		return OK;
	s = scope_check(rq->cx, t->sc, "the table's location", text, &l);
	if (s)
		return s;
	for (size_t i = 0; i < out->n; i++)
		if (location_within(&l, &out->folders[i]))
			return OK;
	for (size_t i = 0; i < out->n; i++)
		if (!location_within(&out->folders[i], &l))
			out->folders[kept++] = out->folders[i];
	out->folders[kept++] = l;
	out->n = kept;
	return OK;
}

/*
 * What the caller may do with this table, asked of the only evaluator.  A tag is read.  A
 * table's branches share its folder: where there are any an engine can't know which files
 * nobody reads, and not all ask gc.enabled before they remove some.  Where main takes merges
 * only, nobody gets at its files by way of another branch: a PUT over one can't be told from a
 * new one, a DELETE can.
 */
static enum status verbs_of(struct request *rq, const struct delegated *t, unsigned *out)
{
	static const struct {
		enum action action;
		unsigned verb;
	} verbs[] = { { MAY_READ, VEND_READ },
		      { MAY_WRITE, VEND_WRITE },
		      { MAY_DELETE, VEND_DELETE } };
	struct object object = { .kind = ON_ASSET,
				 .tenant_id = rq->tenant_id,
				 .catalog_id = t->ref->catalog_id,
				 .catalog = t->ref->name,
				 .namespace = t->at.path,
				 .name = t->at.name,
				 .asset_id = t->row->asset_id };
	enum status s = decide_prepare(rq, &object);

	*out = 0;
	for (size_t i = 0; !s && i < ARRAY_SIZE(verbs); i++)
		if (access_may(rq->who, verbs[i].action, &object))
			*out |= verbs[i].verb;
	if (t->ref->read_only)
		*out &= VEND_READ;
	if (t->ref->main_merge_only || (t->ref->guarded && !t->staged))
		*out &= ~(unsigned)VEND_DELETE;
	return s;
}

enum status delegate_scope(struct request *rq, const struct delegated *t, struct vend_scope *out)
{
	enum status s;

	*out = (struct vend_scope){ 0 };
	s = verbs_of(rq, t, &out->verbs);
	if (s)
		return s;
	if (!(out->verbs & VEND_READ))
		return fail(rq->cx, DENIED, "the table's files may not be read by the caller");
	s = add_folder(rq, t, t->row->location, out);
	if (!s)
		s = add_folder(rq, t, t->row->data_path, out);
	return s ? s : add_folder(rq, t, t->row->metadata_path, out);
}

/* --- credentials ------------------------------------------------------------------------ */

/* Who got which credential for what, in a list of its own. */
static enum status record(struct request *rq, const struct vend_for *w, const struct vended *v)
{
	struct json_object *details = json_new_object(rq->cx), *folders = json_new_array(rq->cx);
	struct audit *a = audit_new(rq->cx, request_actor(rq), rq->tenant_id, "vend_credentials",
				    "table", w->asset_id, w->name);
	struct change change = { INSERT, &a->row };

	for (size_t i = 0; i < w->scope->n; i++)
		json_add_text(folders, w->scope->folders[i].text);
	json_set(details, "folders", folders);
	json_set_text(details, "credential", v->id);
	json_set_bool(details, "write", w->scope->verbs & VEND_WRITE);
	json_set_bool(details, "delete", w->scope->verbs & VEND_DELETE);
	a->metadata = json_print(rq->cx, details, NULL);
	return store_apply(rq->cx, rq->rs->store, &change, 1, NULL);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

enum status delegate_session(struct request *rq, const struct vend_for *what, struct vended *out)
{
	const struct warehouse *w = what->warehouse;
	struct vend_request request = { .storage = what->storage,
					.scope = what->scope,
					.who = rq->who->name,
					.until_ms = earlier(rq->who->expires_ms, what->until_ms) };
	enum status s;

	request.warehouse =
		cx_printf(rq->cx, "%s\n%s\n%lld", w->tenant_id, w->id, (long long)w->row.version);
	request.owner = cx_printf(rq->cx, "%s\n%d\n%s\n%s", rq->tenant_id, (int)rq->who->kind,
				  rq->who->id, what->asset_id);
	s = vend(rq->cx, rq->rs->cloud, rq->rs->vault, &request, out);
	if (s || !out->fresh)
		return s;
	s = record(rq, what, out);
	if (!s)
		vend_keep(rq->cx, rq->rs->vault, &request, out);
	return s;
}

enum status delegate_vend(struct request *rq, const struct delegated *t,
			  const struct vend_scope *scope, struct vended *out)
{
	struct vend_for what = { .warehouse = t->ref->warehouse,
				 .storage = &t->sc->storage,
				 .scope = scope,
				 .asset_id = t->row->asset_id,
				 .name = asset_shown(rq->cx, t->at.path, t->at.name) };
	struct storage storage = t->sc->storage;

	if (t->sc->problem || !what.warehouse)
		return fail(rq->cx, INVALID, "%s",
			    t->sc->problem ? t->sc->problem : "the catalog has no warehouse");
	if (t->staged && (!storage.session_s || storage.session_s > STAGED_SESSION_S)) {
		storage.session_s = STAGED_SESSION_S;
		what.storage = &storage;
	}
	return delegate_session(rq, &what, out);
}

struct json_object *delegate_credentials(struct cx *cx, const struct vend_scope *scope,
					 const struct vended *vended)
{
	struct json_object *out = json_new_array(cx);

	for (size_t i = 0; i < scope->n; i++) {
		struct json_object *one = json_new_object(cx);

		json_set_text(one, "prefix", scope->folders[i].text);
		json_set(one, "config", vended->configs[i]);
		json_add(out, one);
	}
	return out;
}

/* --- where to come back to ---------------------------------------------------------------- */

/* "v1/c/namespaces/a/tables/t/sign?table=...": clients put their catalog's address before it.  The id
 * finds a table that is not there yet, or (to sign) not any more. */
static const char *route_of(struct cx *cx, const struct delegated *t, const char *what)
{
	struct text out = text_open(cx, 16384);
	const char *name = t->at.name;

	if (strcmp(t->ref->branch_name, "main") != 0)
		name = cx_printf(cx, "%s@%s", name, t->ref->branch_name);
	text_add(&out, "v1/");
	text_add_percent(&out, t->ref->name, strlen(t->ref->name), false);
	text_add(&out, "/namespaces/");
	text_add_percent(&out, t->at.path, strlen(t->at.path), false);
	text_add(&out, "/tables/");
	text_add_percent(&out, name, strlen(name), false);
	text_addf(&out, "/%s", what);
	if (t->staged || text_same(what, "sign"))
		text_addf(&out, "?table=%s", t->row->asset_id);
	return out.s;
}

/* Under the names that Java and Python read. */
static void add_signer(struct cx *cx, const struct delegated *t, struct json_object *config)
{
	const char *route = route_of(cx, t, "sign");

	json_set_text(config, "s3.remote-signing-enabled", "true");
	json_set_text(config, "s3.signer.endpoint", route);
	json_set_text(config, "signer.endpoint", route);
	json_set_text(config, "s3.signer", "S3V4RestSigner");
	json_set_text(config, "py-io-impl", "pyiceberg.io.fsspec.FsspecFileIO");
}

static void add_members(struct json_object *config, struct json_object *more)
{
	json_object_object_foreach(more, key, v)
		json_set(config, key, v);
}

/* Also in the configuration: a client without the metadata's location (a staged
 * table's) looks nowhere else. */
static enum status add_credentials(struct request *rq, const struct delegated *t,
				   struct json_object *config, struct delegation *out)
{
	struct vend_scope scope;
	struct vended v;
	enum status s = delegate_scope(rq, t, &scope);

	if (!s)
		s = delegate_vend(rq, t, &scope, &v);
	if (s)
		return s;
	for (size_t i = 0; v.expires_ms && i < scope.n; i++)
		json_set_text(v.configs[i], v.refresh, route_of(rq->cx, t, "credentials"));
	add_members(config, v.configs[0]);
	out->credentials = json_print(rq->cx, delegate_credentials(rq->cx, &scope, &v), NULL);
	return OK;
}

struct delegation delegate_nothing(const struct scope *sc)
{
	return (struct delegation){ .config = sc->config, .tag = sc->tag };
}

/* What is vended here; false: nothing. */
static bool add_access(struct request *rq, const struct delegated *t, struct json_object *config,
		       struct delegation *out)
{
	if (vends(rq, t->sc)) {
		if (!add_credentials(rq, t, config, out))
			return true;
		log_event(LOG_WARNING_, "vend_failed", rq->request_id, "%s: %s",
			  asset_shown(rq->cx, t->at.path, t->at.name), rq->cx->message);
	}
	if (delegate_signs(rq, t->sc)) {
		add_signer(rq->cx, t, config);
		return true;
	}
	return false;
}

void delegate(struct request *rq, const struct delegated *t, struct delegation *out)
{
	struct json_object *config;
	const char *all;

	*out = delegate_nothing(t->sc);
	if (!asked(rq) || t->sc->storage.vending == VEND_NOTHING ||
	    json_parse(rq->cx, t->sc->config, strlen(t->sc->config), MAX_CONFIG_DEPTH, &config) ||
	    !add_access(rq, t, config, out))
		return;
	out->config = json_print(rq->cx, config, NULL);
	all = cx_printf(rq->cx, "%s%s", out->config, out->credentials ? out->credentials : "");
	out->tag = sha256_hex(rq->cx, all, strlen(all));
}
