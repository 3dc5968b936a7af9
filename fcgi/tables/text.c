/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - the text of a table's or view's metadata: read, checked, written, kept. */
#include "fcgi/tables/text.h"

#include "common/gzip.h"
#include "common/hmac.h"
#include "common/log.h"
#include "common/text.h"

#define SUFFIX ".metadata.json"
#define MAX_VERSION 99999999
#define REFS_BYTES ((size_t)65536) /* from here on working it out costs a load 1 ms and more */

/* --- reading ---------------------------------------------------------------------- */

static enum status no_file(struct request *rq, const char *location)
{
	rq->error_type = "NotFoundException";
	return fail(rq->cx, NOT_FOUND, "Failed to open input stream for file: %s", location);
}

/* The object's plain text. */
static enum status read_plain(struct request *rq, const struct scope *sc, const char *location,
			      const char **bytes, size_t *n)
{
	size_t max = (size_t)rq->rs->config->max_metadata_bytes;
	enum status s = cloud_get(rq->cx, rq->rs->cloud, &sc->storage, location, bytes, n);

	if (!s && gzip_is(*bytes, *n))
		s = gzip_unpack(rq->cx, *bytes, *n, max, bytes, n);
	return s;
}

static enum status read_object(struct request *rq, const struct scope *sc, const struct asset *row,
			       const char **bytes, size_t *n)
{
	const char *location = row->metadata_location;
	enum status s = read_plain(rq, sc, location, bytes, n);

	if (s == NOT_FOUND)
		return no_file(rq, location);
	if (s)
		return fail(rq->cx, s == INVALID ? INTERNAL : s, "%s: %s", location,
			    cx_strdup(rq->cx, rq->cx->message));
	if ((int64_t)*n != row->metadata_size ||
	    !text_same(sha256_hex(rq->cx, *bytes, *n), row->metadata_sha256))
		return fail(rq->cx, INTERNAL, "%s is not the text that was committed", location);
	cache_put(rq->rs->cache, row->metadata_sha256, *bytes, *n);
	return OK;
}

enum status text_confirm(struct request *rq, const struct scope *sc, const struct asset *row)
{
	int64_t size;
	enum status s;

	if (strcmp(sc->storage.scheme, "file") != 0)
		return OK;
	s = cloud_stat(rq->cx, rq->rs->cloud, &sc->storage, row->metadata_location, &size);
	return s == NOT_FOUND ? no_file(rq, row->metadata_location) : s;
}

enum status text_read(struct request *rq, const struct scope *sc, const struct asset *row,
		      const char **bytes, size_t *n)
{
	enum status s =
		cache_get(rq->cx, rq->rs->cache, row->metadata_sha256, row->metadata_size, bytes);

	*n = (size_t)row->metadata_size;
	if (s == NOT_FOUND)
		return read_object(rq, sc, row, bytes, n);
	return s ? s : text_confirm(rq, sc, row);
}

static enum status parse(struct request *rq, const char *location, const char *bytes, size_t n,
			 struct json_object **out)
{
	enum status s;

	rq->rs->parses++;
	s = json_parse(rq->cx, bytes, n, METADATA_MAX_DEPTH, out);
	return s ? fail(rq->cx, s, "%s: %s", location, cx_strdup(rq->cx, rq->cx->message)) : OK;
}

enum status text_parse(struct request *rq, const struct asset *row, const char *bytes, size_t n,
		       struct json_object **out)
{
	return parse(rq, row->metadata_location, bytes, n, out) ? INTERNAL : OK;
}

enum status text_read_json(struct request *rq, const struct scope *sc, const struct asset *row,
			   struct json_object **out)
{
	const char *bytes;
	size_t n;
	enum status s = text_read(rq, sc, row, &bytes, &n);

	return s ? s : text_parse(rq, row, bytes, n, out);
}

enum status text_read_file(struct request *rq, const struct scope *sc, const char *location,
			   struct metadata_file *out, struct json_object **metadata)
{
	enum status s = read_plain(rq, sc, location, &out->bytes, &out->n);

	out->location = location;
	if (s == NOT_FOUND)
		return fail(rq->cx, INVALID, "Failed to open input stream for file: %s", location);
	if (s)
		return fail(rq->cx, s, "%s: %s", location, cx_strdup(rq->cx, rq->cx->message));
	s = parse(rq, location, out->bytes, out->n, metadata);
	if (s)
		return s;
	out->metadata = *metadata;
	out->sha256 = sha256_hex(rq->cx, out->bytes, out->n);
	return OK;
}

/* Texts derived from a metadata file's own: their suffixes in the cache, by form. */
static const char *const suffixes[] = {
	[FORM_REFS] = "refs", [FORM_GUARDED] = "guard", [FORM_REFS | FORM_GUARDED] = "guard-refs"
};

static void derive(struct request *rq, const char *sha256, struct json_object *metadata,
		   unsigned form, const char **bytes, size_t *n)
{
	if (form & FORM_REFS)
		metadata = metadata_refs_only(rq->cx, metadata);
	if (form & FORM_GUARDED)
		metadata = metadata_guarded(rq->cx, metadata);
	*bytes = json_print(rq->cx, metadata, n);
	cache_put_derived(rq->rs->cache, sha256, suffixes[form], *bytes, *n);
}

enum status text_read_form(struct request *rq, const struct scope *sc, const struct asset *row,
			   unsigned form, const char **bytes, size_t *n)
{
	struct json_object *metadata;
	enum status s;

	if (form == FORM_ALL)
		return text_read(rq, sc, row, bytes, n);
	s = cache_get_derived(rq->cx, rq->rs->cache, row->metadata_sha256, suffixes[form], bytes,
			      n);
	if (s != NOT_FOUND)
		return s ? s : text_confirm(rq, sc, row);
	s = text_read_json(rq, sc, row, &metadata);
	if (!s)
		derive(rq, row->metadata_sha256, metadata, form, bytes, n);
	return s;
}

enum status text_of_file(struct request *rq, const struct metadata_file *f, unsigned form,
			 const char **bytes, size_t *n)
{
	struct json_object *metadata = f->metadata;
	enum status s;

	*bytes = f->bytes;
	*n = f->n;
	if (form == FORM_ALL)
		return OK;
	s = cache_get_derived(rq->cx, rq->rs->cache, f->sha256, suffixes[form], bytes, n);
	if (s != NOT_FOUND)
		return s;
	s = metadata ? OK : parse(rq, f->location, f->bytes, f->n, &metadata);
	if (!s)
		derive(rq, f->sha256, metadata, form, bytes, n);
	return s;
}

/* --- writing ------------------------------------------------------------------------ */

/* The number that a metadata file's name begins with ("00012-", "v12."), plus one. */
static int64_t next_version(const char *previous)
{
	const char *name = previous ? strrchr(previous, '/') : NULL;
	int64_t version = 0;

	if (!previous)
		return 0;
	name = name ? name + 1 : previous;
	if (*name == 'v')
		name++;
	if (*name < '0' || *name > '9')
		return 1;
	for (; *name >= '0' && *name <= '9' && version < MAX_VERSION; name++)
		version = version * 10 + (*name - '0');
	return version + 1;
}

static const char *new_name(struct cx *cx, const struct metadata_facts *f, const char *previous)
{
	const char *folder = f->metadata_path;
	bool gzip = text_same(f->compression, "gzip");

	if (!folder)
		folder = location_join(cx, f->location, "metadata");
	return location_join(cx, folder,
			     cx_printf(cx, "%05lld-%s%s" SUFFIX, (long long)next_version(previous),
				       text_uuid4(cx), gzip ? ".gz" : ""));
}

enum status text_make(struct request *rq, const struct metadata_kind *kind,
		      struct json_object *metadata, const char *previous, struct metadata_file *out)
{
	struct cx *cx = rq->cx;
	struct metadata_facts f;
	enum status s = kind->facts(cx, metadata, &f);

	*out = (struct metadata_file){ 0 };
	if (s)
		return s;
	out->metadata = metadata;
	out->bytes = json_print(cx, metadata, &out->n);
	if (out->n > (size_t)rq->rs->config->max_metadata_bytes)
		return fail(cx, TOO_LARGE, "the metadata would be larger than %lld bytes",
			    (long long)rq->rs->config->max_metadata_bytes);
	out->location = new_name(cx, &f, previous);
	out->sha256 = sha256_hex(cx, out->bytes, out->n);
	out->packed = out->bytes;
	out->n_packed = out->n;
	if (text_same(f.compression, "gzip"))
		gzip_pack(cx, out->bytes, out->n, &out->packed, &out->n_packed);
	return OK;
}

enum status text_write(struct request *rq, const struct scope *sc,
		       struct metadata_file *const *files, size_t n)
{
	struct cloud_object *objects = cx_array(rq->cx, n, sizeof(*objects));
	struct metadata_file **written = cx_array(rq->cx, n, sizeof(*written));
	size_t n_objects = 0;
	enum status s;

	for (size_t i = 0; i < n; i++) {
		struct metadata_file *f = files[i];

		if (!f->location || f->written)
			continue;
		written[n_objects] = f;
		objects[n_objects++] = (struct cloud_object){ .location = f->location,
							      .bytes = f->packed,
							      .n = f->n_packed };
	}
	s = cloud_put_all(rq->cx, rq->rs->cloud, &sc->storage, objects, n_objects);
	for (size_t i = 0; i < n_objects; i++)
		written[i]->written = objects[i].sent; /* whatever the storage said of it */
	return s ? fail(rq->cx, s == EXISTS ? INTERNAL : s, "the metadata file was not written: %s",
			cx_strdup(rq->cx, rq->cx->message))
		 : OK;
}

void text_name(struct asset *row, const struct metadata_file *f)
{
	row->metadata_location = f->location;
	row->metadata_sha256 = f->sha256;
	row->metadata_size = (int64_t)f->n;
}

/* Whether a load with snapshots=refs would have much to leave out. */
static bool has_many(const struct metadata_file *f)
{
	struct json_object *snapshots = json_member(f->metadata, "snapshots");
	struct json_object *refs = json_member(f->metadata, "refs");

	return f->n >= REFS_BYTES && snapshots && refs &&
	       json_object_array_length(snapshots) > (size_t)json_object_object_length(refs);
}

void text_keep(struct request *rq, const struct metadata_file *f, bool guarded)
{
	unsigned form = guarded ? FORM_GUARDED : FORM_ALL;
	const char *bytes;
	size_t n;

	cache_put(rq->rs->cache, f->sha256, f->bytes, f->n);
	if (guarded)
		derive(rq, f->sha256, f->metadata, form, &bytes, &n);
	if (has_many(f))
		derive(rq, f->sha256, f->metadata, form | FORM_REFS, &bytes, &n);
}

enum status text_undo(struct request *rq, const struct scope *sc, struct metadata_file *f,
		      enum status s)
{
	const char *why = cx_strdup(rq->cx, rq->cx->message);

	if (s != UNKNOWN && f->written &&
	    cloud_remove(rq->cx, rq->rs->cloud, &sc->storage, f->location))
		log_event(LOG_WARNING_, "orphan", rq->request_id, "%s is left over: %s",
			  f->location, rq->cx->message);
	if (s != UNKNOWN)
		*f = (struct metadata_file){ 0 };
	return fail(rq->cx, s, "%s", why);
}
