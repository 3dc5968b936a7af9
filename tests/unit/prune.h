/* SPDX-License-Identifier: Apache-2.0 */
/* prune.h - a question of what a filter prunes, as JSON; the answer too. */
#ifndef TESTS_UNIT_PRUNE_H
#define TESTS_UNIT_PRUNE_H

#include "common/iceberg/evaluate.h"
#include "common/text.h"

static inline struct json_object *prune_item(struct json_object *list, size_t i)
{
	return json_object_array_get_idx(list, i);
}

static inline size_t prune_count(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* Hex to bytes; NULL where the member is absent, or no hex. */
static inline const char *prune_hex_member(struct cx *cx, struct json_object *o, const char *key,
					   size_t *n)
{
	const char *hex = json_text(o, key);
	unsigned char *bytes;

	*n = hex ? strlen(hex) / 2 : 0;
	if (!hex)
		return NULL;
	bytes = cx_alloc(cx, *n + 1);
	return text_unhex(hex, bytes, *n) ? (const char *)bytes : NULL;
}

static inline bool prune_ask_manifest(struct cx *cx, const struct projection *p,
				      struct json_object *m)
{
	size_t n = prune_count(m);
	struct field_summary *fields = cx_array(cx, n + 1, sizeof(*fields));

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = prune_item(m, i);

		fields[i].contains_null = json_int(o, "null", 0) != 0;
		fields[i].contains_nan = (int)json_int(o, "nan", -1);
		fields[i].lower = prune_hex_member(cx, o, "lower", &fields[i].lower_len);
		fields[i].upper = prune_hex_member(cx, o, "upper", &fields[i].upper_len);
	}
	return manifest_may_match(p, fields, n);
}

/* A text is hex of the binary value, null is null. */
static inline struct literal *prune_read_tuple(struct cx *cx, const struct projection *p,
					       struct json_object *t)
{
	struct literal *tuple = cx_array(cx, prune_count(t) + 1, sizeof(*tuple));

	for (size_t i = 0; i < prune_count(t) && i < p->n_fields; i++) {
		struct json_object *o = json_new_object(cx);
		const char *bytes;
		size_t len;

		json_set(o, "v", prune_item(t, i));
		bytes = prune_hex_member(cx, o, "v", &len);
		if (!p->known[i])
			continue;
		tuple[i] =
			bytes ? literal_from_bytes(&p->types[i], bytes, len) : LITERAL_NULL_VALUE;
	}
	return tuple;
}

static inline bool prune_ask_file(struct cx *cx, const struct filter *f, struct json_object *file)
{
	struct column_stats *columns = cx_array(cx, f->n_columns + 1, sizeof(*columns));

	for (size_t i = 0; i < f->n_columns; i++) {
		struct json_object *o = json_member(file, cx_printf(cx, "%d", f->columns[i]));

		columns[i] = NO_COLUMN_STATS;
		columns[i].values = json_int(o, "values", -1);
		columns[i].nulls = json_int(o, "nulls", -1);
		columns[i].nans = json_int(o, "nans", -1);
		columns[i].lower = prune_hex_member(cx, o, "lower", &columns[i].lower_len);
		columns[i].upper = prune_hex_member(cx, o, "upper", &columns[i].upper_len);
	}
	return stats_may_match(f, json_int(file, "records", -1), columns);
}

static inline void prune_add_bool(struct cx *cx, struct json_object *list, bool yes)
{
	json_add(list, json_new_int(cx, yes));
}

/* {"schema", "spec", "filter", "manifests", "tuples", "files"}: binary values are hex. */
static inline enum status prune_answer(struct cx *cx, struct json_object *q,
				       struct json_object *reply)
{
	struct json_object *manifests = json_new_array(cx), *partitions = json_new_array(cx);
	struct json_object *files = json_new_array(cx), *residuals = json_new_array(cx);
	struct schema schema;
	struct spec spec;
	struct filter f;
	struct projection p;
	enum status s = schema_parse(cx, json_member(q, "schema"), "schema", &schema);

	if (!s)
		s = spec_parse(cx, json_member(q, "spec"), "spec", &spec);
	if (!s)
		s = filter_read(cx, json_member(q, "filter"), &schema, true, &f);
	if (s)
		return s;
	filter_project(cx, &f, &spec, &schema, &p);
	for (size_t i = 0; i < prune_count(json_member(q, "manifests")); i++)
		prune_add_bool(
			cx, manifests,
			prune_ask_manifest(cx, &p, prune_item(json_member(q, "manifests"), i)));
	for (size_t i = 0; i < prune_count(json_member(q, "tuples")); i++) {
		struct json_object *json = prune_item(json_member(q, "tuples"), i);
		struct literal *tuple = prune_read_tuple(cx, &p, json);
		size_t n = prune_count(json);

		prune_add_bool(cx, partitions, partition_may_match(&p, tuple, n));
		json_add(residuals, expr_json(cx, residual(cx, &p, tuple, n)));
	}
	for (size_t i = 0; i < prune_count(json_member(q, "files")); i++)
		prune_add_bool(cx, files,
			       prune_ask_file(cx, &f, prune_item(json_member(q, "files"), i)));
	json_set(reply, "filter", expr_json(cx, f.expr));
	json_set(reply, "manifests", manifests);
	json_set(reply, "tuples", partitions);
	json_set(reply, "residuals", residuals);
	json_set(reply, "files", files);
	return OK;
}

#endif
