/* SPDX-License-Identifier: Apache-2.0 */
/* guard.c - metadata that keeps engines from removing files which others read, and what they remove. */
#include "common/iceberg/metadata.h"

struct json_object *metadata_guarded(struct cx *cx, struct json_object *metadata)
{
	struct json_object *copy = json_share(cx, metadata);
	struct json_object *properties = json_member(metadata, "properties");

	properties = properties ? json_share(cx, properties) : json_new_object(cx);
	json_set_text(properties, "gc.enabled", "false");
	json_set(copy, "properties", properties);
	return copy;
}

static bool has_snapshot(struct json_object *metadata, int64_t id)
{
	struct json_object *list = json_member(metadata, "snapshots");

	for (size_t i = 0; list && i < json_object_array_length(list); i++)
		if (json_int(json_object_array_get_idx(list, i), "snapshot-id", -1) == id)
			return true;
	return false;
}

int64_t *metadata_removed_snapshots(struct cx *cx, struct json_object *before,
				    struct json_object *after, size_t *n)
{
	struct json_object *list = json_member(before, "snapshots");
	size_t all = list ? json_object_array_length(list) : 0;
	int64_t *ids = cx_array(cx, all, sizeof(*ids));

	*n = 0;
	for (size_t i = 0; i < all; i++) {
		int64_t id = json_int(json_object_array_get_idx(list, i), "snapshot-id", -1);

		/* the common commit keeps them all, in their places */
		if (json_object_array_get_idx(list, i) !=
			    json_object_array_get_idx(json_member(after, "snapshots"), i) &&
		    !has_snapshot(after, id))
			ids[(*n)++] = id;
	}
	return ids;
}

bool metadata_has_any(struct json_object *metadata, const int64_t *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (has_snapshot(metadata, ids[i]))
			return true;
	return false;
}
