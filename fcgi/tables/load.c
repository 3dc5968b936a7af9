/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - a table's metadata as it lies there, between a prefix and a suffix. */
#include "fcgi/tables/tables.h"

#include <strings.h>

#include "common/text.h"
#include "fcgi/idents.h"

#define TEXT_DIGITS 32 /* 128 bits of the text's SHA-256 */
#define TAG_DIGITS 8
#define MAX_PREFIX_BYTES ((size_t)16 * 1024)

enum status path_asset(struct request *rq, const struct metadata_kind *kind,
		       const struct asset **out)
{
	const struct resolved *r = rq->resolved;
	struct asset_name at = { r->path, r->name };

	*out = r->asset;
	if (!r->asset->row.version || !text_same(r->asset->type, kind->type))
		return asset_missing(rq->cx, kind->type, &at);
	return OK;
}

enum status path_table(struct request *rq, const struct asset **out)
{
	return path_asset(rq, &table_metadata, out);
}

/* --- answers ------------------------------------------------------------------------ */

const char *table_etag(struct cx *cx, const char *sha256, unsigned form, const struct delegation *d)
{
	static const char *const names[] = { [FORM_ALL] = "all",
					     [FORM_REFS] = "refs",
					     [FORM_GUARDED] = "all-g",
					     [FORM_REFS | FORM_GUARDED] = "refs-g" };

	return cx_printf(cx, "\"%.*s-%s-%.*s\"", TEXT_DIGITS, sha256, names[form], TAG_DIGITS,
			 d->tag);
}

/* `"metadata-location":"...",`; a location has no control bytes: location_parse */
static void add_location(struct text *t, const char *location)
{
	text_add(t, "\"metadata-location\":\"");
	for (const char *c = location; *c;) {
		size_t n = strcspn(c, "\"\\");

		text_addn(t, c, n);
		c += n;
		if (*c) {
			text_addc(t, '\\');
			text_addc(t, *c++);
		}
	}
	text_add(t, "\",");
}

enum status answer_metadata(struct request *rq, const char *location, const char *bytes, size_t n,
			    const char *more)
{
	struct text head = text_open(rq->cx, MAX_PREFIX_BYTES);
	const char *tail = more ? cx_printf(rq->cx, ",%s", more + 1) : "}";

	text_addc(&head, '{');
	if (location)
		add_location(&head, location);
	text_add(&head, "\"metadata\":");
	if (!rq->answer.http)
		rq->answer.http = 200;
	answer_part(rq, head.s, head.len);
	answer_part(rq, bytes, n);
	answer_part(rq, tail, strlen(tail));
	return text_check(&head, "metadata-location");
}

enum status answer_table(struct request *rq, const char *location, const char *bytes, size_t n,
			 const struct delegation *d)
{
	const char *more = NULL;

	if (d && d->credentials)
		more = cx_printf(rq->cx, "{\"config\":%s,\"storage-credentials\":%s}", d->config,
				 d->credentials);
	else if (d)
		more = cx_printf(rq->cx, "{\"config\":%s}", d->config);
	return answer_metadata(rq, location, bytes, n, more);
}

/* --- ETag ---------------------------------------------------------------------------- */

/* One entry of If-None-Match against our own tag: proxies put W/ before it and
 * -gzip or -br into it. */
static bool same_tag(const char *given, size_t n, const char *own)
{
	size_t own_n = strlen(own) - 1; /* without the quote at the end */

	if (n > 2 && strncasecmp(given, "W/", 2) == 0) {
		given += 2;
		n -= 2;
	}
	if (n == 1 && *given == '*')
		return true;
	if (n < own_n || strncmp(given, own, own_n) != 0)
		return false;
	return (n - own_n == 1 && given[own_n] == '"') ||
	       (n - own_n == 6 && strncmp(given + own_n, "-gzip\"", 6) == 0) ||
	       (n - own_n == 4 && strncmp(given + own_n, "-br\"", 4) == 0);
}

static bool has_it(const struct request *rq, const char *etag)
{
	const char *list = request_header(rq, "if-none-match");

	while (list && *list) {
		size_t n;

		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n && same_tag(list, n, etag))
			return true;
		list += n;
	}
	return false;
}

/* --- load ------------------------------------------------------------------------------ */

unsigned table_form(const struct catalog_ref *ref)
{
	return ref->guarded ? FORM_GUARDED : FORM_ALL;
}

/* Adds what the client asks for. */
static enum status asked_form(struct request *rq, unsigned *form)
{
	const char *given = NULL;
	enum status s = request_query(rq, "snapshots", &given);

	if (s || !given || strcasecmp(given, "all") == 0)
		return s;
	*form |= FORM_REFS;
	if (strcasecmp(given, "refs") != 0)
		return fail(rq->cx, INVALID, "snapshots: neither \"all\" nor \"refs\"");
	return OK;
}

/* What a client already has may be kept, but not where it opens doors. */
static void add_cache_headers(struct request *rq, const struct delegation *d, const char *etag)
{
	answer_header(rq, "ETag", etag);
	answer_header(rq, "Cache-Control",
		      d->credentials ? "private, no-store" : "private, no-cache");
}

/* To a client that has the answer already: no text is read. */
static enum status answer_unchanged(struct request *rq, const struct delegated *t)
{
	enum status s = text_confirm(rq, t->sc, t->row);

	return s ? s : answer_empty(rq, 304);
}

static enum status answer_text(struct request *rq, const struct delegated *t, unsigned form,
			       const struct delegation *d)
{
	const char *bytes;
	size_t n;
	enum status s = text_read_form(rq, t->sc, t->row, form, &bytes, &n);

	return s ? s : answer_table(rq, t->row->metadata_location, bytes, n, d);
}

enum status load_table(struct request *rq)
{
	struct delegated t = { .ref = rq->resolved->catalog,
			       .at = { rq->resolved->path, rq->resolved->name } };
	struct delegation d;
	unsigned form = table_form(t.ref);
	const char *etag;
	enum status s = path_table(rq, &t.row);

	if (!s)
		s = asked_form(rq, &form);
	if (!s)
		s = referenced_by_check(rq);
	if (!s)
		s = scope_of(rq->cx, t.ref, &t.sc);
	if (s)
		return s;
	delegate(rq, &t, &d);
	etag = table_etag(rq->cx, t.row->metadata_sha256, form, &d);
	s = has_it(rq, etag) ? answer_unchanged(rq, &t) : answer_text(rq, &t, form, &d);
	if (!s)
		add_cache_headers(rq, &d, etag);
	return s;
}

enum status head_table(struct request *rq)
{
	const struct asset *row;
	enum status s = path_table(rq, &row);

	return s ? s : answer_empty(rq, 204);
}

/* A commit's answer: the metadata, and no configuration. */
enum status replay_commit_table(struct request *rq)
{
	const struct asset *row;
	const struct scope *sc;
	struct delegation d;
	const char *bytes;
	size_t n;
	enum status s = path_table(rq, &row);

	if (!s)
		s = scope_of(rq->cx, rq->resolved->catalog, &sc);
	if (!s)
		s = text_read_form(rq, sc, row, table_form(rq->resolved->catalog), &bytes, &n);
	if (s)
		return s;
	d = delegate_nothing(sc);
	answer_header(
		rq, "ETag",
		table_etag(rq->cx, row->metadata_sha256, table_form(rq->resolved->catalog), &d));
	return answer_table(rq, row->metadata_location, bytes, n, NULL);
}
