/* SPDX-License-Identifier: Apache-2.0 */
/* deletes.c - delete files looked up by path and by partition of the data files they may apply to. */
#include "common/iceberg/deletes.h"

#include "common/list.h"
#include "common/text.h"

#define NO_VECTOR (-1)

struct pair {
	size_t file, delete_file;
};

struct deletes {
	struct cx *cx;
	const struct scan *scan;
	struct scan_file *files;
	size_t n;
	struct scan_file **by_path, **by_partition; /* sorted */
	int64_t min_sequence;			    /* of the data files */
	struct list found;			    /* struct scan_file: delete files */
	struct list pairs;			    /* struct pair, in order of delete_file */
	struct list missing;			    /* int */
	int64_t *vectors; /* [n]: index of the deletion vector, or NO_VECTOR */
};

/* --- the data files ------------------------------------------------------------------ */

static int compare_bytes(const char *a, size_t a_n, const char *b, size_t b_n)
{
	size_t n = a_n < b_n ? a_n : b_n;
	int order = n ? memcmp(a, b, n) : 0;

	return order ? order : (a_n > b_n) - (a_n < b_n);
}

static int compare_partitions(const struct scan_file *a, const struct scan_file *b)
{
	int x = a->spec->spec.id, y = b->spec->spec.id;

	if (x != y)
		return (x > y) - (x < y);
	return compare_bytes(a->e.partition_key, a->e.partition_key_n, b->e.partition_key,
			     b->e.partition_key_n);
}

static int sort_paths(const void *a, const void *b)
{
	return strcmp((*(struct scan_file *const *)a)->e.path,
		      (*(struct scan_file *const *)b)->e.path);
}

static int sort_partitions(const void *a, const void *b)
{
	return compare_partitions(*(struct scan_file *const *)a, *(struct scan_file *const *)b);
}

static struct scan_file **sorted(struct cx *cx, struct scan_file *files, size_t n,
				 int (*order)(const void *, const void *))
{
	struct scan_file **list = cx_array(cx, n, sizeof(*list));

	for (size_t i = 0; i < n; i++)
		list[i] = &files[i];
	qsort(list, n, sizeof(*list), order);
	return list;
}

/* Index of the first in the list that is not before `key`. */
static size_t first_of(const struct deletes *d, struct scan_file *const *list,
		       const struct scan_file *key, int (*order)(const void *, const void *))
{
	size_t low = 0, high = d->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (order(&list[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct deletes *deletes_begin(struct cx *cx, const struct scan *scan, struct scan_file *files,
			      size_t n)
{
	struct deletes *d = CX_NEW(cx, struct deletes);

	*d = (struct deletes){
		.cx = cx,
		.scan = scan,
		.files = files,
		.n = n,
		.min_sequence = INT64_MAX,
		.by_path = sorted(cx, files, n, sort_paths),
		.by_partition = sorted(cx, files, n, sort_partitions),
		.found = { .cx = cx, .size = sizeof(struct scan_file) },
		.pairs = { .cx = cx, .size = sizeof(struct pair) },
		.missing = { .cx = cx, .size = sizeof(int) },
		.vectors = cx_array(cx, n, sizeof(int64_t)),
	};
	for (size_t i = 0; i < n; i++) {
		d->vectors[i] = NO_VECTOR;
		if (files[i].e.sequence_number < d->min_sequence)
			d->min_sequence = files[i].e.sequence_number;
	}
	return d;
}

bool deletes_take_manifest(const struct deletes *d, const struct manifest_file *m)
{
	return d->n && m->deletes && m->sequence_number >= d->min_sequence;
}

/* --- equality deletes against a data file's statistics ---------------------------------- */

static bool all_null(const struct schema_field *f, const struct column_stats *c)
{
	return !f->required && c->nulls >= 0 && c->nulls == c->values;
}

static bool has_no_null(const struct schema_field *f, const struct column_stats *c)
{
	return f->required || c->nulls == 0;
}

static bool may_have_null(const struct schema_field *f, const struct column_stats *c)
{
	return !f->required && c->nulls != 0;
}

/* Bounds leave NaN out. */
static bool may_have_nan(const struct schema_field *f, const struct column_stats *c)
{
	return (f->type.id == TYPE_FLOAT || f->type.id == TYPE_DOUBLE) && c->nans != 0;
}

/* False where a <= b is known not to hold. */
static bool may_be_ordered(const struct type *t, const char *a, size_t a_n, const char *b,
			   size_t b_n)
{
	struct literal x, y;

	if (!a || !b)
		return true;
	x = literal_from_bytes(t, a, a_n);
	y = literal_from_bytes(t, b, b_n);
	if (x.state != LITERAL_VALUE || y.state != LITERAL_VALUE)
		return true;
	return literal_compare(&x, &y) <= 0;
}

static bool columns_may_meet(const struct schema_field *f, const struct column_stats *data,
			     const struct column_stats *deleted)
{
	if (may_have_null(f, data) && may_have_null(f, deleted))
		return true;
	if (may_have_nan(f, data) && may_have_nan(f, deleted))
		return true;
	if (all_null(f, data) && has_no_null(f, deleted))
		return false;
	if (all_null(f, deleted) && has_no_null(f, data))
		return false;
	return may_be_ordered(&f->type, data->lower, data->lower_len, deleted->upper,
			      deleted->upper_len) &&
	       may_be_ordered(&f->type, deleted->lower, deleted->lower_len, data->upper,
			      data->upper_len);
}

static bool equality_may_apply(const struct deletes *d, const struct manifest_entry *data,
			       const struct manifest_entry *e)
{
	for (size_t i = 0; i < e->n_equality_ids; i++) {
		int id = (int)e->equality_ids[i];
		const struct schema_field *f = schema_find(&d->scan->schema, id);
		struct column_stats a = scan_stats(d->scan, data, id),
				    b = scan_stats(d->scan, e, id);

		if (f && type_is_primitive(&f->type) && !columns_may_meet(f, &a, &b))
			return false;
	}
	return true;
}

static void note_missing(struct deletes *d, const struct manifest_entry *e)
{
	for (size_t i = 0; i < e->n_equality_ids; i++) {
		int id = (int)e->equality_ids[i];
		const int *seen = d->missing.items;
		bool known = false;

		for (size_t c = 0; !known && c < d->scan->n_columns; c++)
			known = d->scan->columns[c] == id;
		for (size_t c = 0; !known && c < d->missing.n; c++)
			known = seen[c] == id;
		if (!known)
			*(int *)list_add(&d->missing) = id;
	}
}

const int *deletes_missing(const struct deletes *d, size_t *n)
{
	*n = d->missing.n;
	return d->missing.items;
}

/* --- one delete file ------------------------------------------------------------------------ */

/* What is known of the delete file at hand. */
struct taken {
	struct deletes *d;
	const struct scan_spec *spec;
	const struct manifest_entry *e;
	struct column_stats paths; /* position deletes: of the paths in it */
	bool kept;
	size_t index; /* in d->found */
};

static enum status pair_up(struct taken *t, const struct scan_file *file)
{
	struct deletes *d = t->d;
	struct pair *p;

	if (d->pairs.n == DELETES_MOST)
		return fail(d->cx, TOO_LARGE, "the data files have more than %d deletes",
			    DELETES_MOST);
	if (!t->kept) {
		struct scan_file *f = list_add(&d->found);

		f->e = *t->e;
		f->spec = t->spec;
		manifest_keep(d->cx, &f->e);
		t->kept = true;
		t->index = d->found.n - 1;
		if (t->e->content == CONTENT_EQUALITY_DELETES)
			note_missing(d, t->e);
	}
	p = list_add(&d->pairs);
	p->file = (size_t)(file - d->files);
	p->delete_file = t->index;
	return OK;
}

/* Bounds may be cut short: the lower one is then below, the upper one above. */
static bool path_may_be_in(const struct column_stats *paths, const char *path)
{
	size_t n = strlen(path);

	if (paths->lower && compare_bytes(path, n, paths->lower, paths->lower_len) < 0)
		return false;
	return !paths->upper || compare_bytes(path, n, paths->upper, paths->upper_len) <= 0;
}

static bool may_apply(const struct taken *t, const struct scan_file *file)
{
	if (t->e->content == CONTENT_EQUALITY_DELETES)
		return t->e->sequence_number > file->e.sequence_number &&
		       equality_may_apply(t->d, &file->e, t->e);
	return t->e->sequence_number >= file->e.sequence_number &&
	       path_may_be_in(&t->paths, file->e.path);
}

static enum status take_all(struct taken *t)
{
	enum status s = OK;

	for (size_t i = 0; !s && i < t->d->n; i++)
		if (may_apply(t, &t->d->files[i]))
			s = pair_up(t, &t->d->files[i]);
	return s;
}

static enum status take_partition(struct taken *t)
{
	const struct scan_file key = { .e = *t->e, .spec = t->spec };
	struct deletes *d = t->d;
	enum status s = OK;

	for (size_t i = first_of(d, d->by_partition, &key, sort_partitions);
	     !s && i < d->n && compare_partitions(d->by_partition[i], &key) == 0; i++)
		if (may_apply(t, d->by_partition[i]))
			s = pair_up(t, d->by_partition[i]);
	return s;
}

static enum status take_path(struct taken *t, const char *path, bool vector)
{
	const struct scan_file key = { .e = { .path = path } };
	struct deletes *d = t->d;
	enum status s = OK;

	for (size_t i = first_of(d, d->by_path, &key, sort_paths);
	     !s && i < d->n && strcmp(d->by_path[i]->e.path, path) == 0; i++) {
		if (t->e->sequence_number < d->by_path[i]->e.sequence_number)
			continue;
		s = pair_up(t, d->by_path[i]);
		if (!s && vector)
			d->vectors[d->by_path[i] - d->files] = (int64_t)t->index;
	}
	return s;
}

/* The one data file that position deletes are of; NULL: of several. */
static const char *only_path(struct cx *cx, const struct taken *t)
{
	const struct column_stats *p = &t->paths;

	if (t->e->referenced_data_file)
		return t->e->referenced_data_file;
	if (!p->lower || !p->upper ||
	    compare_bytes(p->lower, p->lower_len, p->upper, p->upper_len) != 0)
		return NULL;
	return text_is_utf8(p->lower, p->lower_len) ? cx_strndup(cx, p->lower, p->lower_len) : NULL;
}

enum status deletes_take(struct deletes *d, const struct scan_spec *spec,
			 const struct manifest_entry *e)
{
	struct taken t = { .d = d, .spec = spec, .e = e };
	bool vector = e->format && strcmp(e->format, "PUFFIN") == 0;
	const char *path;

	if (!scan_takes_deletes(d->scan, e))
		return OK;
	if (e->content == CONTENT_EQUALITY_DELETES)
		return spec->partitioned ? take_partition(&t) : take_all(&t);
	if (vector && !e->referenced_data_file)
		return fail(d->cx, INVALID, "%s: a deletion vector of no data file", e->path);
	t.paths = scan_stats(d->scan, e, POSITION_DELETE_PATH);
	path = only_path(d->cx, &t);
	return path ? take_path(&t, path, vector) : take_partition(&t);
}

/* --- the result -------------------------------------------------------------------------------- */

static bool counts(const struct deletes *d, const struct pair *p)
{
	const struct scan_file *found = d->found.items;

	return found[p->delete_file].e.content == CONTENT_EQUALITY_DELETES ||
	       d->vectors[p->file] == NO_VECTOR || d->vectors[p->file] == (int64_t)p->delete_file;
}

/* Numbers those delete files that are still pointed to; -1: none does. */
static int64_t *number_them(struct deletes *d, size_t *n)
{
	int64_t *numbers = cx_array(d->cx, d->found.n, sizeof(*numbers));
	const struct pair *pairs = d->pairs.items;

	for (size_t i = 0; i < d->pairs.n; i++)
		if (counts(d, &pairs[i])) {
			d->files[pairs[i].file].n_deletes++;
			numbers[pairs[i].delete_file] = 1;
		}
	*n = 0;
	for (size_t i = 0; i < d->found.n; i++)
		numbers[i] = numbers[i] ? (int64_t)(*n)++ : -1;
	return numbers;
}

void deletes_end(struct deletes *d, struct scan_file **out, size_t *n)
{
	int64_t *numbers = number_them(d, n);
	const struct pair *pairs = d->pairs.items;
	const struct scan_file *found = d->found.items;

	*out = cx_array(d->cx, *n, sizeof(**out));
	for (size_t i = 0; i < d->found.n; i++)
		if (numbers[i] >= 0)
			(*out)[numbers[i]] = found[i];
	for (size_t i = 0; i < d->n; i++) {
		d->files[i].deletes = cx_array(d->cx, d->files[i].n_deletes, sizeof(int64_t));
		d->files[i].n_deletes = 0;
	}
	for (size_t i = 0; i < d->pairs.n; i++)
		if (counts(d, &pairs[i])) {
			struct scan_file *f = &d->files[pairs[i].file];

			f->deletes[f->n_deletes++] = numbers[pairs[i].delete_file];
		}
}
