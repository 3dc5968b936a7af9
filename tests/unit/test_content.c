/* SPDX-License-Identifier: Apache-2.0 */
/* test_content.c - one map of names, versioned by cuts: names, levels, listings, containers. */
#include "stores/assets.h"
#include "stores/catalogs.h"
#include "stores/jobs.h"
#include "stores/namespaces.h"

#include <check.h>
#include <unistd.h>

#include "common/text.h"

static struct cx cx;
static struct store *st;
static struct content *content;
static const struct catalog_ref *ref;
static char folder[64];

#define ok(call) ck_assert_msg((call) == OK, "%s: %s", #call, cx.message)

static void set_up(void)
{
	struct catalog c = { .tenant_id = NIL_UUID, .name = "c" };
	const char *url;
	int64_t from, to;

	snprintf(folder, sizeof(folder), "/tmp/pangolin-content-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	url = cx_printf(&cx, "sqlite://%s/db", folder);
	ok(store_open(&cx, url, NULL, true, &st));
	ok(store_migrate(&cx, st, &from, &to));
	store_close(st);
	ok(store_open(&cx, url, NULL, false, &st));
	content = content_open();
	ok(catalog_create(&cx, st, &c, NULL));
	ok(content_catalog(&cx, content, st, NIL_UUID, "c", NULL, &ref));
}

static void tear_down(void)
{
	store_close(st);
	content_close(content);
	ck_assert_int_eq(0, system(cx_printf(&cx, "rm -rf %s", folder)));
	cx_free(&cx);
}

/* --- shorthands ------------------------------------------------------------------ */

static const char *ns(const char *dotted)
{
	char *s = cx_strdup(&cx, dotted);

	for (char *c = s; *c; c++)
		if (*c == '.')
			*c = LEVEL_SEPARATOR;
	return s;
}

static enum status make_namespace(const struct catalog_ref *r, const char *dotted)
{
	return namespace_create(&cx, st, r, ns(dotted), json_new_object(&cx), NULL);
}

static enum status make_table(const struct catalog_ref *r, const char *space, const char *name,
			      const char *file, struct claim *claim)
{
	struct asset_name at = { ns(space), name };
	struct asset *row = CX_NEW(&cx, struct asset);

	*row = (struct asset){ .asset_id = text_uuid7(&cx),
			       .type = "ICEBERG_TABLE",
			       .metadata_location = file,
			       .location = "file:///w/t",
			       .current_snapshot_id = -1 };
	return asset_create(&cx, st, r, &at, row, claim, false, "create", NULL);
}

static enum status drop_table(const struct catalog_ref *r, const char *space, const char *name)
{
	struct asset_name at = { ns(space), name };

	return asset_drop(&cx, st, r, "ICEBERG_TABLE", &at, false, NULL);
}

static enum status rename_table(const struct catalog_ref *r, const char *space, const char *from,
				const char *to)
{
	struct asset_name a = { ns(space), from }, b = { ns(space), to };
	bool none;

	return asset_rename(&cx, st, r, "ICEBERG_TABLE", &a, &b, NULL, &none);
}

static const struct asset *seen(const struct catalog_ref *r, const char *space, const char *name)
{
	struct place *p = place_asset(&cx, r, ns(space), name);

	ok(content_read(&cx, st, r, NULL, &p, 1, NULL, 0));
	return p->seen;
}

static enum status commit_table(const struct catalog_ref *r, const char *space, const char *name,
				const char *file)
{
	struct place *p = place_asset(&cx, r, ns(space), name);
	struct asset *row = CX_NEW(&cx, struct asset);
	struct branch branch;
	enum edit_part failed;

	ok(content_read(&cx, st, r, &branch, &p, 1, NULL, 0));
	ck_assert_ptr_nonnull(p->seen);
	*row = *p->seen;
	row->metadata_location = file;
	return asset_commit(&cx, st, &branch, p, row, NULL, NULL, NULL, &failed);
}

/* Takes a cut of the branch and makes a child there, as the branch routes will. */
static const struct catalog_ref *make_branch(const struct catalog_ref *parent, const char *name)
{
	const struct catalog_ref *out;
	struct branch from, child;
	struct text chain = text_open(&cx, 4096);

	ok(content_read(&cx, st, parent, &from, NULL, 0, NULL, 0));
	text_addf(&chain, "[[\"%s\",%lld]", from.id, (long long)from.cut);
	for (size_t i = 1; i < parent->n_levels; i++)
		text_addf(&chain, ",[\"%s\",%lld]", parent->levels[i].branch_id,
			  (long long)parent->levels[i].cut);
	text_add(&chain, "]");
	child = (struct branch){ .row = ROW(branch),
				 .tenant_id = NIL_UUID,
				 .catalog_id = parent->catalog_id,
				 .name = name,
				 .id = text_uuid7(&cx),
				 .parent_id = from.id,
				 .parent_cut = from.cut,
				 .chain = chain.s,
				 .branch_type = "experimental" };
	from.cut++;
	ok(store_apply(&cx, st, (struct change[]){ { UPDATE, &from.row }, { INSERT, &child.row } },
		       2, NULL));
	ok(content_catalog(&cx, content, st, NIL_UUID, "c", name, &out));
	return out;
}

/* The names of a namespace, ' ' behind each, read in pages of `limit`. */
static const char *names_by(const struct catalog_ref *r, const char *space, size_t limit)
{
	struct text t = text_open(&cx, 1 << 20);
	struct page page = { .limit = limit, .types = { "ICEBERG_TABLE" } };
	struct listing l;

	do {
		ok(content_list(&cx, st, r, ns(space), &page, &l));
		ck_assert(!limit || l.n <= limit);
		for (size_t i = 0; i < l.n; i++)
			text_addf(&t, "%s ", l.rows[i]->name);
		page.after = l.next;
	} while (l.next);
	return t.s;
}

static const char *names(const struct catalog_ref *r, const char *space)
{
	return names_by(r, space, 0);
}

/* --- namespaces -------------------------------------------------------------------- */

START_TEST(test_namespaces)
{
	ok(make_namespace(ref, "a"));
	ck_assert_int_eq(make_namespace(ref, "a"), EXISTS);
	ck_assert_str_eq(cx.message, "Namespace already exists: a");
	ok(make_namespace(ref, "p.q.r")); /* makes p and p.q too */
	ck_assert_int_eq(make_namespace(ref, "p.q"), EXISTS);
	ck_assert_int_eq(namespace_drop(&cx, st, ref, ns("p.q"), NULL), CONFLICT);
	ck_assert_str_eq(cx.message, "Namespace p.q is not empty");
	ok(namespace_drop(&cx, st, ref, ns("p.q.r"), NULL));
	ok(namespace_drop(&cx, st, ref, ns("p.q"), NULL));
	ok(namespace_drop(&cx, st, ref, ns("p"), NULL));
	ck_assert_int_eq(namespace_drop(&cx, st, ref, ns("p"), NULL), NOT_FOUND);
	ck_assert_str_eq(cx.message, "Namespace does not exist: p");
	ok(make_table(ref, "a", "t", "f1", NULL));
	ck_assert_int_eq(namespace_drop(&cx, st, ref, "a", NULL), CONFLICT);
	ok(drop_table(ref, "a", "t"));
	ok(namespace_drop(&cx, st, ref, "a", NULL));
}
END_TEST

START_TEST(test_properties)
{
	struct json_object *up = json_new_object(&cx), *down = json_new_array(&cx), *got;
	struct namespace_changes ch;
	struct place *p = place_namespace(&cx, ref, "a");

	ok(make_namespace(ref, "a"));
	json_set_text(up, "k", "v");
	json_set_text(up, "l", "w");
	json_add_text(down, "gone");
	ok(namespace_update(&cx, st, ref, "a", up, down, NULL, &ch));
	ck_assert_str_eq(json_print(&cx, ch.updated, NULL), "[\"k\",\"l\"]");
	ck_assert_str_eq(json_print(&cx, ch.missing, NULL), "[\"gone\"]");
	json_add_text(down, "k");
	ok(namespace_update(&cx, st, ref, "a", json_new_object(&cx), down, NULL, &ch));
	ck_assert_str_eq(json_print(&cx, ch.removed, NULL), "[\"k\"]");
	ok(content_read(&cx, st, ref, NULL, &p, 1, NULL, 0));
	ok(namespace_properties(&cx, p->seen, &got));
	ck_assert_str_eq(json_print(&cx, got, NULL), "{\"l\":\"w\"}");
	ck_assert_int_eq(namespace_update(&cx, st, ref, "b", up, down, NULL, &ch), NOT_FOUND);
}
END_TEST

/* --- tables ------------------------------------------------------------------------ */

START_TEST(test_tables)
{
	const char *id;

	ck_assert_int_eq(make_table(ref, "a", "t", "f1", NULL), NOT_FOUND);
	ck_assert_str_eq(cx.message, "Namespace does not exist: a");
	ok(make_namespace(ref, "a"));
	ok(make_namespace(ref, "b"));
	ok(make_table(ref, "a", "t", "f1", NULL));
	ck_assert_int_eq(make_table(ref, "a", "t", "f2", NULL), EXISTS);
	ck_assert_str_eq(cx.message, "Table already exists: a.t");
	id = seen(ref, "a", "t")->asset_id;
	ok(commit_table(ref, "a", "t", "f3"));
	ok(rename_table(ref, "a", "t", "u"));
	ck_assert_ptr_null(seen(ref, "a", "t"));
	ck_assert_str_eq(seen(ref, "a", "u")->asset_id, id);
	ck_assert_str_eq(seen(ref, "a", "u")->metadata_location, "f3");
	ck_assert_int_eq(rename_table(ref, "a", "t", "v"), NOT_FOUND);
	ck_assert_str_eq(cx.message, "Table does not exist: a.t");
	ok(make_table(ref, "a", "t", "f4", NULL));
	ck_assert_int_eq(rename_table(ref, "a", "t", "u"), EXISTS);
	ck_assert_int_eq(drop_table(ref, "a", "w"), NOT_FOUND);
}
END_TEST

START_TEST(test_rename_across)
{
	struct asset_name from = { "a", "t" }, to = { "b", "t" };
	bool none;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f", NULL));
	ck_assert_int_eq(asset_rename(&cx, st, ref, "ICEBERG_TABLE", &from, &to, NULL, &none),
			 NOT_FOUND);
	ck_assert(none);
	ck_assert_str_eq(cx.message, "Namespace does not exist: b");
	ok(make_namespace(ref, "b"));
	ok(asset_rename(&cx, st, ref, "ICEBERG_TABLE", &from, &to, NULL, &none));
	ok(namespace_drop(&cx, st, ref, "a", NULL));
	ck_assert_int_eq(namespace_drop(&cx, st, ref, "b", NULL), CONFLICT);
}
END_TEST

/* A commit that read before another's, a drop and re-creation, a rename: CONFLICT. */
START_TEST(test_stale_commit)
{
	struct place *p = place_asset(&cx, ref, "a", "t");
	struct asset *row = CX_NEW(&cx, struct asset);
	struct branch branch;
	enum edit_part failed;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f", NULL));
	for (int i = 0; i < 3; i++) {
		ok(content_read(&cx, st, ref, &branch, &p, 1, NULL, 0));
		*row = *p->seen;
		if (i == 0)
			ok(commit_table(ref, "a", "t", "g"));
		else
			ok(drop_table(ref, "a", "t"));
		if (i == 1)
			ok(make_table(ref, "a", "t", "h", NULL));
		ck_assert_int_eq(asset_commit(&cx, st, &branch, p, row, NULL, NULL, NULL, &failed),
				 CONFLICT);
		ck_assert_int_eq(failed, PART_ASSET);
	}
}
END_TEST

/* The container: dropped between a read and an INSERT into it, and the other way round. */
START_TEST(test_container)
{
	struct place *in = place_namespace(&cx, ref, "a"), *p = place_asset(&cx, ref, "a", "t");
	struct place *both[] = { in, p };
	struct asset *row = CX_NEW(&cx, struct asset);
	struct branch branch;
	struct edit *e;

	ok(make_namespace(ref, "a"));
	ok(content_read(&cx, st, ref, &branch, both, 2, NULL, 0));
	ok(namespace_drop(&cx, st, ref, "a", NULL));
	*row = (struct asset){ .asset_id = "x", .type = "ICEBERG_TABLE" };
	e = edit_open(&cx, ref, &branch, NULL);
	edit_put(e, p, row);
	edit_into(e, in);
	ck_assert_int_eq(edit_apply(e, st, audit_new(&cx, NULL, NIL_UUID, "x", "y", "z", "n")),
			 CONFLICT);
	ck_assert_int_eq(e->failed, PART_CONTAINER);

	ok(make_namespace(ref, "a"));
	ok(content_read(&cx, st, ref, &branch, both, 2, NULL, 0));
	ok(make_table(ref, "a", "t", "f", NULL));
	e = edit_open(&cx, ref, &branch, NULL);
	edit_hide(e, in);
	ck_assert_int_eq(edit_apply(e, st, audit_new(&cx, NULL, NIL_UUID, "x", "y", "z", "n")),
			 CONFLICT);
}
END_TEST

/* --- branches ----------------------------------------------------------------------- */

START_TEST(test_branch)
{
	const struct catalog_ref *dev, *sub;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f1", NULL));
	ok(make_table(ref, "a", "u", "u1", NULL));
	dev = make_branch(ref, "dev");
	ok(commit_table(ref, "a", "t", "f2"));
	ck_assert_str_eq(seen(dev, "a", "t")->metadata_location, "f1");
	ok(commit_table(dev, "a", "t", "d1"));
	ck_assert_str_eq(seen(dev, "a", "t")->metadata_location, "d1");
	ck_assert_str_eq(seen(dev, "a", "t")->asset_id, seen(ref, "a", "t")->asset_id);
	ck_assert_str_eq(seen(ref, "a", "t")->metadata_location, "f2");
	ok(drop_table(dev, "a", "u"));
	ck_assert_ptr_null(seen(dev, "a", "u"));
	ck_assert_ptr_nonnull(seen(ref, "a", "u"));
	sub = make_branch(dev, "sub");
	ok(make_table(dev, "a", "u", "u2", NULL));
	ck_assert_ptr_null(seen(sub, "a", "u"));
	ck_assert_str_eq(names(sub, "a"), "t ");
	ck_assert_str_eq(names(dev, "a"), "t u ");
	ok(make_table(sub, "a", "s", "s1", NULL));
	ck_assert_str_eq(names(sub, "a"), "s t ");
	ck_assert_str_eq(names(ref, "a"), "t u ");
	ck_assert_int_eq(namespace_drop(&cx, st, sub, "a", NULL), CONFLICT);
	ok(drop_table(sub, "a", "s"));
	ok(drop_table(sub, "a", "t"));
	ok(namespace_drop(&cx, st, sub, "a", NULL));
	ck_assert_int_eq(make_table(sub, "a", "s", "s1", NULL), NOT_FOUND);
	ck_assert_str_eq(names(dev, "a"), "t u ");
}
END_TEST

/* A cut taken between a commit's read and its apply: the commit must not change the cut. */
START_TEST(test_cut_meanwhile)
{
	struct place *p = place_asset(&cx, ref, "a", "t");
	struct asset *row = CX_NEW(&cx, struct asset);
	struct branch branch;
	enum edit_part failed;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f1", NULL));
	ok(content_read(&cx, st, ref, &branch, &p, 1, NULL, 0));
	*row = *p->seen;
	row->metadata_location = "f2";
	make_branch(ref, "dev");
	ck_assert_int_eq(asset_commit(&cx, st, &branch, p, row, NULL, NULL, NULL, &failed),
			 CONFLICT);
	ck_assert_int_eq(failed, PART_BRANCH);
}
END_TEST

/* Every operation on every branch against maps that are copied whole. */
#define MODEL_BRANCHES 7
#define MODEL_NAMES 6

struct model {
	const struct catalog_ref *ref;
	int file[MODEL_NAMES]; /* 0 = no such table */
};

static const char *model_name(size_t i)
{
	return cx_printf(&cx, "t%zu", i);
}

static void model_step(struct model *m, int step, unsigned *seed)
{
	size_t i = (size_t)rand_r(seed) % MODEL_NAMES, j = (size_t)rand_r(seed) % MODEL_NAMES;
	const char *file = cx_printf(&cx, "%d", step);

	switch (rand_r(seed) % 5) {
	case 0:
		ck_assert_int_eq(make_table(m->ref, "a", model_name(i), file, NULL),
				 m->file[i] ? EXISTS : OK);
		m->file[i] = m->file[i] ? m->file[i] : step;
		break;
	case 1:
	case 2:
		if (!m->file[i])
			break;
		ok(commit_table(m->ref, "a", model_name(i), file));
		m->file[i] = step;
		break;
	case 3:
		ck_assert_int_eq(drop_table(m->ref, "a", model_name(i)),
				 m->file[i] ? OK : NOT_FOUND);
		m->file[i] = 0;
		break;
	case 4:
		if (i == j || !m->file[i] || m->file[j])
			break;
		ok(rename_table(m->ref, "a", model_name(i), model_name(j)));
		m->file[j] = m->file[i];
		m->file[i] = 0;
	}
}

static void model_compare_all(const struct model *m, size_t n)
{
	for (size_t b = 0; b < n; b++) {
		struct text expected = text_open(&cx, 4096);

		for (size_t i = 0; i < MODEL_NAMES; i++) {
			const struct asset *a = seen(m[b].ref, "a", model_name(i));

			ck_assert_int_eq(a != NULL, m[b].file[i] != 0);
			if (!a)
				continue;
			ck_assert_str_eq(a->metadata_location, cx_printf(&cx, "%d", m[b].file[i]));
			text_addf(&expected, "%s ", model_name(i));
		}
		ck_assert_str_eq(names_by(m[b].ref, "a", 1 + b % 3), expected.s);
	}
}

START_TEST(test_model)
{
	struct model m[MODEL_BRANCHES] = { { .ref = ref } };
	unsigned seed = 7 + (unsigned)_i;
	size_t n = 1;

	ok(make_namespace(ref, "a"));
	for (int step = 1; step <= 120; step++) {
		model_step(&m[(size_t)rand_r(&seed) % n], step, &seed);
		if (n < MODEL_BRANCHES && step % 15 == 0) {
			m[n] = m[(size_t)rand_r(&seed) % n];
			m[n].ref = make_branch(m[n].ref, cx_printf(&cx, "b%zu", n));
			n++;
		}
		if (step % 10 == 0)
			model_compare_all(m, n);
	}
}
END_TEST

/* --- listings ------------------------------------------------------------------------- */

START_TEST(test_pages)
{
	struct page page = { .limit = 3, .types = { "ICEBERG_TABLE" } };
	struct listing l;

	ok(make_namespace(ref, "a"));
	ok(make_namespace(ref, "a.x"));
	for (int i = 0; i < 7; i++)
		ok(make_table(ref, "a", cx_printf(&cx, "t%d", i), "f", NULL));
	ok(content_list(&cx, st, ref, "a", &page, &l));
	ck_assert_uint_eq(l.n, 3);
	ck_assert_str_eq(l.next, "t2");
	page.after = "t5";
	ok(content_list(&cx, st, ref, "a", &page, &l));
	ck_assert_uint_eq(l.n, 1);
	ck_assert_ptr_null(l.next);
	ck_assert_str_eq(names_by(ref, "a", 7), "t0 t1 t2 t3 t4 t5 t6 ");
	ck_assert_str_eq(names(ref, "a.x"), "");
}
END_TEST

/* --- locations ------------------------------------------------------------------------- */

static struct claim *claim_of(const char *path)
{
	struct claim *c = CX_NEW(&cx, struct claim);

	c->storage = "file";
	ok(claim_path(&cx, c, path));
	return c;
}

START_TEST(test_locations)
{
	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t1", "f", claim_of("/w/a/t1")));
	ok(make_table(ref, "a", "t12", "f", claim_of("/w/a/t12"))); /* a sibling, no folder of t1 */
	ck_assert_int_eq(make_table(ref, "a", "x", "f", claim_of("/w/a/t1")), INVALID);
	ck_assert_int_eq(make_table(ref, "a", "x", "f", claim_of("/w/a/t1/deep/er")), INVALID);
	ck_assert_int_eq(make_table(ref, "a", "x", "f", claim_of("/w/a")), INVALID);
	ck_assert_int_eq(make_table(ref, "a", "x", "f", claim_of("/w")), INVALID);
	ok(drop_table(ref, "a", "t1"));
	ok(make_table(ref, "a", "x", "f", claim_of("/w/a/t1/deep/er")));
	ck_assert_int_eq(make_table(ref, "a", "t1", "f", claim_of("/w/a/t1")), INVALID);
}
END_TEST

START_TEST(test_locations_of_a_branch)
{
	const struct catalog_ref *dev;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f", claim_of("/w/t")));
	dev = make_branch(ref, "dev");
	ok(drop_table(ref, "a", "t")); /* dev still shows it */
	ck_assert_int_eq(make_table(ref, "a", "x", "f", claim_of("/w/t")), INVALID);
	ck_assert_ptr_nonnull(seen(dev, "a", "t"));
}
END_TEST

static enum status register_table(const char *name, const char *uuid, const char **asset_id)
{
	struct asset_name at = { "a", name };
	struct asset row = { .asset_id = text_uuid7(&cx),
			     .type = "ICEBERG_TABLE",
			     .table_uuid = uuid };
	enum status s =
		asset_create(&cx, st, ref, &at, &row, claim_of("/w/t"), false, "register", NULL);

	*asset_id = row.asset_id;
	return s;
}

/* Dropped here and shown by dev: the same table may come back, another may not come there. */
START_TEST(test_taken_up_again)
{
	const struct catalog_ref *dev;
	const char *id, *first;

	ok(make_namespace(ref, "a"));
	ok(register_table("t", "uuid-1", &id));
	first = seen(ref, "a", "t")->asset_id;
	ck_assert_int_eq(register_table("u", "uuid-1", &id), INVALID); /* it lives here */
	dev = make_branch(ref, "dev");
	ok(drop_table(ref, "a", "t"));
	ck_assert_int_eq(register_table("u", "uuid-2", &id), INVALID);
	ok(register_table("u", "uuid-1", &id));
	ck_assert_str_eq(id, first);
	ck_assert_str_eq(seen(dev, "a", "t")->asset_id, first);
}
END_TEST

/* --- jobs ---------------------------------------------------------------------------------- */

START_TEST(test_purge_job)
{
	struct asset_name at = { "a", "t" };
	struct job job, other;
	bool found;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f", NULL));
	ok(asset_drop(&cx, st, ref, "ICEBERG_TABLE", &at, true, NULL));
	ok(job_lease(&cx, st, &job, &found));
	ck_assert(found);
	ck_assert_str_eq(job.type, "purge");
	ok(job_lease(&cx, st, &other, &found));
	ck_assert(!found);
	ok(job_failed(&cx, st, &job, "why"));
	ok(job_lease(&cx, st, &other, &found));
	ck_assert(!found); /* not due yet */
	ok(job_done(&cx, st, &job));
}
END_TEST

/* What dev still shows must stay: no purge. */
START_TEST(test_no_purge_of_shared)
{
	struct asset_name at = { "a", "t" };
	struct job job;
	bool found;

	ok(make_namespace(ref, "a"));
	ok(make_table(ref, "a", "t", "f", NULL));
	make_branch(ref, "dev");
	ok(asset_drop(&cx, st, ref, "ICEBERG_TABLE", &at, true, NULL));
	ok(job_lease(&cx, st, &job, &found));
	ck_assert(!found);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("content");
	TCase *t = tcase_create("content");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_namespaces);
	tcase_add_test(t, test_properties);
	tcase_add_test(t, test_tables);
	tcase_add_test(t, test_rename_across);
	tcase_add_test(t, test_stale_commit);
	tcase_add_test(t, test_container);
	tcase_add_test(t, test_branch);
	tcase_add_test(t, test_cut_meanwhile);
	tcase_add_loop_test(t, test_model, 0, 4);
	tcase_add_test(t, test_pages);
	tcase_add_test(t, test_locations);
	tcase_add_test(t, test_locations_of_a_branch);
	tcase_add_test(t, test_taken_up_again);
	tcase_add_test(t, test_purge_job);
	tcase_add_test(t, test_no_purge_of_shared);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
