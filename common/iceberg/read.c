/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - table metadata's members, whatever format version wrote them. */
#include "common/iceberg/read.h"

struct json_object *find_by_id(struct json_object *list, const char *key, int64_t id)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		struct json_object *o = json_object_array_get_idx(list, i);

		if (json_int(o, key, id ? 0 : 1) == id)
			return o;
	}
	return NULL;
}

/* Old v1 files name no field ids: those are 1000, 1001, ... */
static enum status fill_spec(struct cx *cx, struct json_object *json, const char *where,
			     struct json_object **out)
{
	struct spec p;
	enum status s = spec_parse(cx, json, where, &p);

	*out = json;
	if (s || (p.json && (!p.n || p.fields[0].field_id)))
		return s;
	for (size_t i = 0; i < p.n; i++)
		if (!p.fields[i].field_id)
			p.fields[i].field_id = FIRST_PARTITION_ID + (int)i;
	*out = spec_write(cx, &p, p.id);
	return OK;
}

static enum status read_v1_specs(struct cx *cx, struct json_object *m, struct meta *out)
{
	struct json_object *old = NULL, *list = json_new_array(cx), *spec;
	enum status s = OK;

	if (!out->specs) {
		s = json_get_array(cx, m, "", "partition-spec", &old);
		if (!s)
			s = fill_spec(cx, old, "partition-spec", &spec);
		if (!s)
			json_add(list, spec);
	}
	for (size_t i = 0; !s && out->specs && i < json_object_array_length(out->specs); i++) {
		s = fill_spec(cx, json_object_array_get_idx(out->specs, i), "partition-specs",
			      &spec);
		if (!s)
			json_add(list, spec);
	}
	out->specs = list;
	return s;
}

static enum status read_v1_partition_id(struct cx *cx, struct meta *out)
{
	out->last_partition = FIRST_PARTITION_ID - 1;
	for (size_t i = 0; i < json_object_array_length(out->specs); i++) {
		struct spec p;
		enum status s = spec_parse(cx, json_object_array_get_idx(out->specs, i),
					   "partition-specs", &p);

		if (s)
			return s;
		if (spec_last_field_id(&p) > out->last_partition)
			out->last_partition = spec_last_field_id(&p);
	}
	return OK;
}

static enum status read_specs(struct cx *cx, struct json_object *m, struct meta *out)
{
	bool old = out->version == 1;
	enum status s = old ? json_opt_array(cx, m, "", "partition-specs", &out->specs)
			    : json_get_array(cx, m, "", "partition-specs", &out->specs);

	if (!s && out->specs)
		s = json_get_int(cx, m, "", "default-spec-id", &out->default_spec);
	if (!s && old)
		s = read_v1_specs(cx, m, out);
	if (!s && old && !json_member(m, "last-partition-id"))
		return read_v1_partition_id(cx, out);
	return s ? s : json_get_int(cx, m, "", "last-partition-id", &out->last_partition);
}

static enum status read_schemas(struct cx *cx, struct json_object *m, struct meta *out)
{
	struct json_object *one = NULL;
	enum status s = out->version == 1 ? json_opt_array(cx, m, "", "schemas", &out->schemas)
					  : json_get_array(cx, m, "", "schemas", &out->schemas);

	if (s)
		return s;
	if (out->schemas)
		return json_get_int(cx, m, "", "current-schema-id", &out->current_schema);
	s = json_get_object(cx, m, "", "schema", &one);
	if (s)
		return s;
	out->current_schema = json_int(one, "schema-id", 0);
	one = json_share(cx, one);
	json_set_int(one, "schema-id", out->current_schema);
	out->schemas = json_new_array(cx);
	json_add(out->schemas, one);
	return OK;
}

static enum status read_orders(struct cx *cx, struct json_object *m, struct meta *out)
{
	struct order unsorted = { 0 };
	enum status s = out->version == 1 ? json_opt_array(cx, m, "", "sort-orders", &out->orders)
					  : json_get_array(cx, m, "", "sort-orders", &out->orders);

	if (s)
		return s;
	if (out->orders)
		return json_get_int(cx, m, "", "default-sort-order-id", &out->default_order);
	out->orders = json_new_array(cx);
	json_add(out->orders, order_write(cx, &unsorted, 0));
	return OK;
}

static enum status read_refs(struct cx *cx, struct json_object *m, struct meta *out)
{
	struct json_object *ref;
	enum status s = json_opt_int(cx, m, "", "current-snapshot-id", &out->current_snapshot);

	if (out->current_snapshot < 0)
		out->current_snapshot = -1;
	if (!s)
		s = json_opt_object(cx, m, "", "refs", &out->refs);
	if (s || out->refs)
		return s;
	out->refs = json_new_object(cx);
	if (out->current_snapshot >= 0) {
		ref = json_new_object(cx);
		json_set_int(ref, "snapshot-id", out->current_snapshot);
		json_set_text(ref, "type", "branch");
		json_set(out->refs, MAIN_BRANCH, ref);
	}
	return OK;
}

static enum status read_scalars(struct cx *cx, struct json_object *m, struct meta *out)
{
	enum status s = json_get_int(cx, m, "", "format-version", &out->version);

	if (s)
		return s;
	if (out->version < 1 || out->version > MAX_VERSION)
		return fail(cx, INVALID, "Cannot read unsupported version %lld",
			    (long long)out->version);
	s = out->version == 1 ? json_opt_text(cx, m, "", "table-uuid", &out->uuid)
			      : json_get_text(cx, m, "", "table-uuid", &out->uuid);
	if (!s)
		s = json_get_text(cx, m, "", "location", &out->location);
	if (!s && out->version > 1)
		s = json_get_int(cx, m, "", "last-sequence-number", &out->last_sequence);
	if (!s)
		s = json_get_int(cx, m, "", "last-updated-ms", &out->last_updated_ms);
	if (!s)
		s = json_get_int(cx, m, "", "last-column-id", &out->last_column);
	if (!s && out->version >= 3)
		s = json_get_int(cx, m, "", "next-row-id", &out->next_row_id);
	return s;
}

enum status meta_read(struct cx *cx, struct json_object *metadata, struct meta *out)
{
	enum status s;

	*out = (struct meta){ .current_snapshot = -1 };
	if (!json_object_is_type(metadata, json_type_object))
		return fail(cx, INVALID, "table metadata: not an object");
	s = read_scalars(cx, metadata, out);
	if (!s)
		s = read_schemas(cx, metadata, out);
	if (!s)
		s = read_specs(cx, metadata, out);
	if (!s)
		s = read_orders(cx, metadata, out);
	if (!s)
		s = json_opt_object(cx, metadata, "", "properties", &out->properties);
	if (!s && !out->properties)
		out->properties = json_new_object(cx);
	return s ? s : read_refs(cx, metadata, out);
}
