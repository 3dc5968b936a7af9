/* SPDX-License-Identifier: Apache-2.0 */
/* facts.c - what the rest of the program wants to know of table metadata. */
#include <strings.h>

#include "common/iceberg/ids.h"
#include "common/iceberg/read.h"
#include "common/text.h"

enum status metadata_facts(struct cx *cx, struct json_object *metadata, struct metadata_facts *out)
{
	const char *codec;
	struct meta m;
	enum status s = meta_read(cx, metadata, &m);

	if (s)
		return s;
	codec = json_text(m.properties, "write.metadata.compression-codec");
	*out = (struct metadata_facts){
		.table_uuid = m.uuid,
		.location = m.location,
		.data_path = json_text(m.properties, "write.data.path"),
		.metadata_path = json_text(m.properties, "write.metadata.path"),
		.format_version = m.version,
		.current_snapshot_id = m.current_snapshot,
		.last_updated_ms = m.last_updated_ms,
		.compression = codec && strcasecmp(codec, "gzip") == 0 ? "gzip" : "none",
	};
	return OK;
}

struct paths {
	struct cx *cx;
	struct metadata_path *list;
	size_t n, cap;
};

static void add_path(struct paths *p, const char *member, const char *location)
{
	if (!location)
		return;
	if (p->n == p->cap) {
		struct metadata_path *more;

		p->cap = p->cap ? 2 * p->cap : 64;
		more = cx_array(p->cx, p->cap, sizeof(*more));
		if (p->n)
			memcpy(more, p->list, p->n * sizeof(*more));
		p->list = more;
	}
	p->list[p->n++] = (struct metadata_path){ member, location };
}

/* The member `key` of every object in the list `name`. */
static void add_listed(struct paths *p, struct json_object *m, const char *name, const char *key)
{
	struct json_object *list = json_member(m, name);

	if (!json_object_is_type(list, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *at = json_text(json_object_array_get_idx(list, i), key);

		if (at)
			add_path(p, cx_printf(p->cx, "%s[%zu].%s", name, i, key), at);
	}
}

/* v1 snapshots may list their manifests themselves. */
static void add_manifests(struct paths *p, struct json_object *m)
{
	struct json_object *snapshots = json_member(m, "snapshots");

	if (!json_object_is_type(snapshots, json_type_array))
		return;
	for (size_t i = 0; i < json_object_array_length(snapshots); i++) {
		struct json_object *o = json_object_array_get_idx(snapshots, i);
		struct json_object *list = json_member(o, "manifests");

		if (json_has(o, "manifest-list") || !json_object_is_type(list, json_type_array))
			continue;
		for (size_t k = 0; k < json_object_array_length(list); k++) {
			struct json_object *path = json_object_array_get_idx(list, k);

			if (json_object_is_type(path, json_type_string))
				add_path(p, cx_printf(p->cx, "snapshots[%zu].manifests[%zu]", i, k),
					 json_object_get_string(path));
		}
	}
}

enum status metadata_paths(struct cx *cx, struct json_object *metadata, struct metadata_path **out,
			   size_t *n)
{
	static const char *const properties[] = { "write.data.path", "write.metadata.path",
						  "write.object-storage.path",
						  "write.folder-storage.path" };
	struct paths p = { .cx = cx };
	struct meta m;
	enum status s = meta_read(cx, metadata, &m);

	if (s)
		return s;
	add_path(&p, "location", m.location);
	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		add_path(&p, cx_printf(cx, "properties.%s", properties[i]),
			 json_text(m.properties, properties[i]));
	add_listed(&p, metadata, "snapshots", "manifest-list");
	add_manifests(&p, metadata);
	add_listed(&p, metadata, "statistics", "statistics-path");
	add_listed(&p, metadata, "partition-statistics", "statistics-path");
	add_listed(&p, metadata, "metadata-log", "metadata-file");
	*out = p.list;
	*n = p.n;
	return OK;
}

struct json_object *metadata_refs_only(struct cx *cx, struct json_object *metadata)
{
	struct json_object *snapshots = json_member(metadata, "snapshots");
	struct json_object *refs = json_member(metadata, "refs"), *out, *kept;
	int64_t current = json_int(metadata, "current-snapshot-id", -1);
	struct ids named = { .cx = cx };

	if (!json_object_is_type(snapshots, json_type_array))
		return metadata;
	if (current >= 0) /* main, also where an old file has no refs */
		ids_set(&named, current, metadata);
	if (json_object_is_type(refs, json_type_object)) {
		json_object_object_foreach(refs, name, ref) {
			(void)name;
			ids_set(&named, json_int(ref, "snapshot-id", -1), metadata);
		}
	}
	kept = json_new_array(cx);
	for (size_t i = 0; i < json_object_array_length(snapshots); i++) {
		struct json_object *o = json_object_array_get_idx(snapshots, i);

		if (ids_get(&named, json_int(o, "snapshot-id", -1)))
			json_add(kept, o);
	}
	out = json_share(cx, metadata);
	json_set(out, "snapshots", kept);
	return out;
}
