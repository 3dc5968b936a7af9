/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c - where a catalog's tables may be, and what they own there. */
#include "fcgi/tables/scope.h"

#include <ctype.h>
#include <strings.h>

#include "common/hmac.h"
#include "common/text.h"

#define CONFIG_MAX_DEPTH 8
#define MAX_FOLDER_BYTES 64 /* of one level's or table's name in a location */
#define MAX_LOCATION_BYTES 1024

enum status catalog_properties(struct cx *cx, const struct catalog_ref *ref,
			       struct json_object **out)
{
	const char *text = ref->row->properties;

	if (text)
		return json_parse(cx, text, strlen(text), CONFIG_MAX_DEPTH, out);
	*out = json_new_object(cx);
	return OK;
}

/* --- the warehouse ------------------------------------------------------------------ */

/* A catalog without a warehouse can name a folder; it is then confined as any is. */
static enum status storage_config(struct cx *cx, const struct catalog_ref *ref,
				  struct json_object **out)
{
	const char *text = ref->warehouse ? ref->warehouse->storage_config : NULL;
	const char *folder = ref->row->storage_location;

	if (text)
		return json_parse(cx, text, strlen(text), CONFIG_MAX_DEPTH, out);
	if (ref->warehouse || !folder || !(text_starts(folder, "file:") || *folder == '/'))
		return fail(cx, INVALID,
			    "catalog \"%s\" has no warehouse, and this server has no "
			    "PANGOLIN_DEFAULT_STORAGE: there is nowhere to keep its tables",
			    ref->name);
	*out = json_new_object(cx);
	json_set_text(*out, "location", folder);
	return OK;
}

static enum status scope_root(struct cx *cx, const struct catalog_ref *ref, struct scope *sc)
{
	const char *folder = ref->row->storage_location;
	struct location l;
	enum status s;

	if (!folder || !*folder) {
		sc->root = location_join(cx, sc->storage.root, ref->name);
		return OK;
	}
	s = location_parse(cx, folder, &l);
	sc->root = l.text;
	return s;
}

/* A strategy that does not read keeps nobody from the metadata: nothing is vended then. */
static void scope_vending(struct cx *cx, const struct catalog_ref *ref, struct scope *sc)
{
	const struct warehouse *w = ref->warehouse;

	if (!storage_vending(cx, &sc->storage, w && w->use_sts, w ? w->vending_strategy : NULL))
		return;
	sc->storage.vending = VEND_NOTHING;
	sc->problem = cx_strdup(cx, cx->message);
}

/* Where the catalog says so, nothing leaves for any of its tables, whatever its warehouse does. */
static void scope_never_vend(struct cx *cx, const struct catalog_ref *ref, struct scope *sc)
{
	struct json_object *properties;
	const char *never = NULL;

	if (!catalog_properties(cx, ref, &properties))
		never = json_text(properties, "never-vend");
	if (!never || strcasecmp(never, "true") != 0)
		return;
	sc->storage.vending = VEND_NOTHING;
	sc->storage.signs_writes = false;
	sc->problem = cx_printf(cx, "the catalog \"%s\" vends nothing", ref->name);
}

static enum status scope_make(struct cx *cx, const struct catalog_ref *ref, struct scope **out)
{
	struct scope *sc = CX_NEW(cx, struct scope);
	struct json_object *config = json_new_object(cx), *given;
	enum status s = storage_config(cx, ref, &given);

	if (!s)
		s = storage_parse(cx, given, &sc->storage);
	if (!s)
		s = scope_root(cx, ref, sc);
	if (s)
		return s;
	sc->storage.trusted = ref->on_default;
	scope_vending(cx, ref, sc);
	scope_never_vend(cx, ref, sc);
	storage_client_config(&sc->storage, config);
	sc->identity = storage_identity(cx, &sc->storage);
	sc->config = json_print(cx, config, NULL);
	sc->tag = sha256_hex(cx, sc->config, strlen(sc->config));
	*out = sc;
	return OK;
}

enum status scope_of(struct cx *cx, const struct catalog_ref *ref, const struct scope **out)
{
	struct scope *sc = *ref->extra;
	enum status s = OK;

	if (!sc)
		s = scope_make(ref->cx, ref, &sc);
	if (s)
		return fail(cx, s, "%s", ref->cx->message);
	*ref->extra = sc;
	*out = sc;
	return OK;
}

/* --- new locations --------------------------------------------------------------------- */

/* What stays of a name: letters, digits, '_', '-' and inner dots of ASCII. */
static void add_folder(struct text *t, const char *name, size_t n)
{
	if (n > MAX_FOLDER_BYTES)
		n = MAX_FOLDER_BYTES;
	text_addc(t, '/');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)name[i];
		bool plain =
			c < 0x80 && (isalnum(c) || c == '_' || c == '-' || (c == '.' && i > 0));

		text_addc(t, plain ? name[i] : '_');
	}
}

const char *scope_new_location(struct cx *cx, const struct scope *sc, const char *path,
			       const char *name, const char *asset_id)
{
	struct text t = text_open(cx, (size_t)64 * MAX_LOCATION_BYTES);
	size_t n = strlen(asset_id);

	text_add(&t, sc->root);
	for (const char *level = path; *level;) {
		size_t len = strcspn(level, "\x1f");

		add_folder(&t, level, len);
		level += len + (level[len] != '\0');
	}
	add_folder(&t, name, strlen(name));
	/* a UUIDv7's last 12 digits are random */
	text_addf(&t, "-%s", asset_id + (n > 12 ? n - 12 : 0));
	return t.s;
}

/* --- checks ------------------------------------------------------------------------------ */

enum status scope_check(struct cx *cx, const struct scope *sc, const char *what,
			const char *location, struct location *out)
{
	enum status s = location_parse(cx, location, out);

	if (!s)
		s = storage_covers(cx, &sc->storage, out);
	return s ? fail(cx, s, "%s: %s", what, cx_strdup(cx, cx->message)) : OK;
}

static enum status check_paths(struct cx *cx, const struct scope *sc,
			       const struct metadata_kind *kind, struct json_object *metadata)
{
	struct metadata_path *paths;
	struct location l;
	size_t n;
	enum status s = kind->paths(cx, metadata, &paths, &n);

	for (size_t i = 0; !s && i < n; i++)
		s = scope_check(cx, sc, paths[i].member, paths[i].location, &l);
	return s;
}

static enum status own(struct cx *cx, const struct scope *sc, const char *what, const char *folder,
		       const char **text, struct claim *claim)
{
	struct location l;
	enum status s;

	*text = NULL;
	if (!folder)
		return OK;
	s = scope_check(cx, sc, what, folder, &l);
	if (s)
		return s;
	*text = l.text;
	s = claim_path(cx, claim, storage_claim(cx, &sc->storage, &l));
	return s ? fail(cx, s, "%s: %s", what, cx_strdup(cx, cx->message)) : OK;
}

enum status scope_describe(struct cx *cx, const struct scope *sc, const struct metadata_kind *kind,
			   struct json_object *metadata, struct asset *row, struct claim *claim)
{
	struct metadata_facts f;
	enum status s = check_paths(cx, sc, kind, metadata);

	if (!s)
		s = kind->facts(cx, metadata, &f);
	if (s)
		return s;
	*claim = (struct claim){ .storage = sc->identity };
	row->type = kind->type;
	row->table_uuid = f.table_uuid;
	row->format_version = f.format_version;
	row->current_snapshot_id = f.current_snapshot_id;
	row->updated_ms = f.last_updated_ms ? f.last_updated_ms : cx_now_ms();
	s = own(cx, sc, "location", f.location, &row->location, claim);
	if (!s)
		s = own(cx, sc, "write.data.path", f.data_path, &row->data_path, claim);
	return s ? s
		 : own(cx, sc, "write.metadata.path", f.metadata_path, &row->metadata_path, claim);
}

enum status scope_claim(struct cx *cx, const struct scope *sc, const struct asset *row,
			struct claim *claim)
{
	const char *folders[] = { row->location, row->data_path, row->metadata_path };
	struct location l;
	enum status s = OK;

	*claim = (struct claim){ .storage = sc->identity };
	for (size_t i = 0; !s && i < ARRAY_SIZE(folders); i++)
		if (folders[i] && !scope_check(cx, sc, "location", folders[i], &l))
			s = claim_path(cx, claim, storage_claim(cx, &sc->storage, &l));
	return s;
}
