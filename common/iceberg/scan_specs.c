/* SPDX-License-Identifier: Apache-2.0 */
/* scan_specs.c - partition specs as a scan sees them; manifests and files it takes. */
#include "common/iceberg/scan.h"

#include "common/iceberg/read.h"

/* --- specs ------------------------------------------------------------------------ */

/* The type of a partition field's values by any of the table's schemas. */
static bool find_type(struct scan *scan, const struct spec_field *field, struct type *out)
{
	struct json_object *all = json_member(scan->metadata, "schemas");
	size_t n = json_object_is_type(all, json_type_array) ? json_object_array_length(all) : 0;

	for (size_t i = n; i-- > 0;) {
		struct schema schema;
		const struct schema_field *source = NULL;

		if (!schema_parse(scan->cx, json_object_array_get_idx(all, i), "schema", &schema))
			source = schema_find(&schema, field->source_id);
		if (source && transform_result(&field->transform, &source->type, out))
			return true;
	}
	return false;
}

static void read_types(struct scan *scan, struct scan_spec *spec)
{
	const struct projection *p = &spec->projection;

	spec->types = cx_array(scan->cx, spec->spec.n, sizeof(*spec->types));
	spec->known = cx_array(scan->cx, spec->spec.n, sizeof(*spec->known));
	for (size_t i = 0; i < spec->spec.n; i++) {
		spec->known[i] = p->known[i];
		if (p->known[i])
			spec->types[i] = p->types[i];
		else
			spec->known[i] = find_type(scan, &spec->spec.fields[i], &spec->types[i]);
		if (spec->spec.fields[i].transform.id != TRANSFORM_VOID)
			spec->partitioned = true;
	}
}

static enum status make_spec(struct scan *scan, struct json_object *json, struct scan_spec *spec)
{
	enum status s = spec_parse(scan->cx, json, "partition-spec", &spec->spec);

	if (s)
		return s;
	filter_project(scan->cx, &scan->filter, &spec->spec, &scan->schema, &spec->projection);
	read_types(scan, spec);
	spec->want = (struct manifest_want){ .spec = &spec->spec,
					     .types = spec->types,
					     .known = spec->known,
					     .columns = scan->columns,
					     .n_columns = scan->n_columns };
	return OK;
}

enum status scan_spec_of(struct scan *scan, int64_t id, const struct scan_spec **out)
{
	struct json_object *json;
	struct scan_spec *spec;
	enum status s;

	for (size_t i = 0; i < scan->n_known_specs; i++)
		if (scan->known_specs[i]->spec.id == id) {
			*out = scan->known_specs[i];
			return OK;
		}
	json = find_by_id(scan->specs, "spec-id", id);
	if (!json)
		return fail(scan->cx, INVALID, "the table has no partition spec %lld",
			    (long long)id);
	if (!scan->known_specs)
		scan->known_specs = cx_array(scan->cx, json_object_array_length(scan->specs),
					     sizeof(struct scan_spec *));
	spec = CX_NEW(scan->cx, struct scan_spec);
	s = make_spec(scan, json, spec);
	if (!s)
		*out = scan->known_specs[scan->n_known_specs++] = spec;
	return s;
}

/* --- manifests and files ------------------------------------------------------------- */

bool scan_takes_manifest(const struct scan *scan, const struct scan_spec *spec,
			 const struct manifest_file *m, int64_t snapshot_id)
{
	if (m->added_files == 0 && m->existing_files == 0)
		return false;
	if (scan->incremental && (m->deletes || m->added_snapshot_id != snapshot_id))
		return false;
	return manifest_may_match(&spec->projection, m->partitions, m->n_partitions);
}

struct column_stats scan_stats(const struct scan *scan, const struct manifest_entry *e, int id)
{
	for (size_t i = 0; i < e->n_columns && i < scan->n_columns; i++)
		if (scan->columns[i] == id)
			return e->stats[i];
	return NO_COLUMN_STATS;
}

bool scan_takes_file(const struct scan *scan, const struct scan_spec *spec,
		     const struct manifest_entry *e, int64_t snapshot_id)
{
	if (e->status == ENTRY_DELETED || e->content != CONTENT_DATA)
		return false;
	if (scan->incremental && (e->status != ENTRY_ADDED || e->snapshot_id != snapshot_id))
		return false;
	if (!partition_may_match(&spec->projection, e->partition, e->n_partition))
		return false;
	for (size_t i = 0; i < scan->filter.n_columns; i++)
		scan->filter_stats[i] = scan_stats(scan, e, scan->filter.columns[i]);
	return stats_may_match(&scan->filter, e->record_count, scan->filter_stats);
}

static bool has_id(const struct manifest_entry *e, int id)
{
	for (size_t i = 0; i < e->n_equality_ids; i++)
		if (e->equality_ids[i] == id)
			return true;
	return false;
}

/* Its other columns say nothing: a row it removes may have other values there. */
bool scan_takes_deletes(const struct scan *scan, const struct manifest_entry *e)
{
	if (e->content != CONTENT_EQUALITY_DELETES)
		return true;
	for (size_t i = 0; i < scan->filter.n_columns; i++) {
		int id = scan->filter.columns[i];

		scan->filter_stats[i] = has_id(e, id) ? scan_stats(scan, e, id) : NO_COLUMN_STATS;
	}
	return stats_may_match(&scan->filter, e->record_count, scan->filter_stats);
}
