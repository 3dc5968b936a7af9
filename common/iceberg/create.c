/* SPDX-License-Identifier: Apache-2.0 */
/* create.c - the first metadata of a table. */
#include "common/iceberg/build.h"
#include "common/text.h"

#define COLUMN_METRICS "write.metadata.metrics.column."

/* Control how a table is made; never stored.  Source: Iceberg's TableProperties. */
static const char *const reserved[] = {
	"format-version",	    "uuid",
	"snapshot-count",	    "current-snapshot-id",
	"current-snapshot-summary", "current-snapshot-timestamp-ms",
	"current-schema",	    "default-partition-spec",
	"default-sort-order",
};

static bool is_reserved(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(name, reserved[i]) == 0)
			return true;
	return false;
}

static enum status read_version(struct cx *cx, struct json_object *properties, int64_t *out)
{
	const char *text = json_text(properties, "format-version");

	*out = 2;
	if (text && !text_int(text, out))
		return fail(cx, INVALID, "properties.format-version: not an integer: %.40s", text);
	if (*out < 1 || *out > MAX_VERSION)
		return fail(cx, INVALID, "Unsupported format version: v%lld (supported: v%d)",
			    (long long)*out, MAX_VERSION);
	return OK;
}

/* What Iceberg's own server refuses at create, because it would fail much later. */
static enum status check_property(struct cx *cx, const char *name, const char *value,
				  int64_t version, const struct schema *schema)
{
	static const char *const numbers[] = { "commit.retry.num-retries",
					       "commit.retry.min-wait-ms",
					       "commit.retry.max-wait-ms",
					       "commit.retry.total-timeout-ms" };
	int64_t n;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strcmp(name, numbers[i]) != 0)
			continue;
		if (!text_int(value, &n) || n > INT32_MAX)
			return fail(cx, INVALID, "Table property %s must have integer value", name);
		if (n < 0)
			return fail(cx, INVALID,
				    "Table property %s must have non negative integer value", name);
	}
	if (text_starts(name, COLUMN_METRICS) &&
	    !schema_find_name(schema, name + strlen(COLUMN_METRICS)))
		return fail(cx, INVALID,
			    "Invalid metrics config, could not find column %.80s from table prop "
			    "%.120s "
			    "in schema",
			    name + strlen(COLUMN_METRICS), name);
	if (version < 3 && (strcmp(name, "encryption.key-id") == 0 ||
			    strcmp(name, "encryption.data-key-length") == 0))
		return fail(cx, INVALID, "Invalid properties for v%lld: [%s]", (long long)version,
			    name);
	return OK;
}

static enum status add_properties(struct build *b, struct json_object *given,
				  const struct schema *schema)
{
	struct json_object *properties = build_map(b, "properties");

	/* the default of readers that find nothing here is the older gzip */
	json_set_text(properties, "write.parquet.compression-codec", "zstd");
	if (!given)
		return OK;
	json_object_object_foreach(given, name, value) {
		enum status s;

		if (is_reserved(name))
			continue;
		s = check_property(b->cx, name, json_object_get_string(value), b->meta.version,
				   schema);
		if (s)
			return s;
		json_set(properties, name, value);
	}
	return OK;
}

/* `schema` has its fresh ids. */
static enum status add_schema(struct build *b, struct schema *schema)
{
	enum status s = schema_check_version(b->cx, schema, b->meta.version);

	if (s)
		return s;
	b->meta.last_column = schema_fresh_ids(schema);
	json_add(build_list(b, "schemas"), schema_write(b->cx, schema, 0, true));
	return OK;
}

/* `schema` is the request's: its ids are those that the spec names. */
static enum status add_spec(struct build *b, struct json_object *json, const struct schema *schema)
{
	struct spec p;
	enum status s = spec_parse(b->cx, json, "partition-spec", &p);

	if (!s)
		s = spec_check(b->cx, &p, schema);
	for (size_t i = 0; !s && i < p.n; i++) {
		struct spec_field *f = &p.fields[i];
		const struct schema_field *source = schema_find(schema, f->source_id);

		if (!source)
			return fail(b->cx, INVALID,
				    "Cannot find source column for partition field: %.100s",
				    f->name);
		f->source_id = source->fresh;
		f->field_id = FIRST_PARTITION_ID + (int)i;
	}
	if (s)
		return s;
	json_add(build_list(b, "partition-specs"), spec_write(b->cx, &p, 0));
	b->meta.last_partition = spec_last_field_id(&p);
	return OK;
}

static enum status add_order(struct build *b, struct json_object *json, const struct schema *schema)
{
	struct order o;
	enum status s = order_parse(b->cx, json, "write-order", &o);

	if (!s)
		s = order_check(b->cx, &o, schema);
	for (size_t i = 0; !s && i < o.n; i++)
		o.fields[i].source_id = schema_find(schema, o.fields[i].source_id)->fresh;
	if (s)
		return s;
	b->meta.default_order = o.n ? 1 : 0;
	json_add(build_list(b, "sort-orders"), order_write(b->cx, &o, (int)b->meta.default_order));
	return OK;
}

enum status metadata_create(struct cx *cx, const struct metadata_env *env,
			    struct json_object *request, const char *location,
			    struct json_object **out)
{
	struct json_object *json = NULL, *spec = NULL, *order = NULL, *properties = NULL;
	struct schema schema;
	struct build b;
	int64_t version = 0;
	enum status s = json_get_object(cx, request, "", "schema", &json);

	*out = NULL;
	if (!s)
		s = json_opt_object(cx, request, "", "partition-spec", &spec);
	if (!s)
		s = json_opt_object(cx, request, "", "write-order", &order);
	if (!s)
		s = json_opt_object(cx, request, "", "properties", &properties);
	if (!s && properties)
		s = json_check_texts(cx, properties, "properties");
	if (!s)
		s = read_version(cx, properties, &version);
	if (!s)
		s = schema_parse(cx, json, "schema", &schema);
	if (!s)
		s = build_open(cx, env, NULL, version, &b);
	if (!s)
		s = add_schema(&b, &schema);
	if (!s)
		s = add_spec(&b, spec, &schema);
	if (!s)
		s = add_order(&b, order, &schema);
	if (!s)
		s = add_properties(&b, properties, &schema);
	if (s)
		return s;
	b.meta.location = location;
	return build_finish(&b, out);
}
