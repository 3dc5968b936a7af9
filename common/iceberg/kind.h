/* SPDX-License-Identifier: Apache-2.0 */
/* kind.h - what the metadata of tables, views and functions differ in, for code that works on all. */
#ifndef COMMON_ICEBERG_KIND_H
#define COMMON_ICEBERG_KIND_H

#include "common/iceberg/metadata.h"

/* The functions are those of metadata.h, view.h and function.h. */
struct metadata_kind {
	const char *type; /* of the asset's row */
	const char *noun; /* "Table": in messages */
	enum status (*check)(struct cx *cx, struct json_object *metadata);
	enum status (*facts)(struct cx *cx, struct json_object *metadata,
			     struct metadata_facts *out);
	enum status (*paths)(struct cx *cx, struct json_object *metadata,
			     struct metadata_path **out, size_t *n);
	enum status (*require)(struct cx *cx, struct json_object *base,
			       struct json_object *requirements);
	enum status (*apply)(struct cx *cx, const struct metadata_env *env,
			     struct json_object *base, struct json_object *updates,
			     struct json_object **out);
};

extern const struct metadata_kind table_metadata, view_metadata, function_metadata;

#endif
