/* SPDX-License-Identifier: Apache-2.0 */
/* test_branch_model.c - random changes, branches, tags, merges and reverts beside a map of maps that does the same. */
#include "tests/unit/content.h"

#include "stores/commits.h"
#include "stores/diff.h"
#include "stores/merge.h"
#include "tests/unit/worker.h"

#define NAMES 7
#define REFS 14
#define REMEMBERED 12
#define CHAIN 40
#define PAIRS 20000

/* What a name shows: 0, or the serial numbers of its asset and of its file. */
struct cell {
	int asset, file;
};
struct map {
	struct cell at[NAMES];
};

struct ancestor {
	int serial;  /* of the branch */
	int64_t cut; /* when: the clock of operations */
	struct map map;
};

struct model {
	bool used, tag, partial;
	int serial;
	char name[24];
	struct map map, first; /* first: what the partial branch it comes from began with */
	struct ancestor chain[CHAIN];
	int n_chain;
	struct {
		char id[40];
		int64_t when;
		struct map before, map;
	} commits[REMEMBERED];
	int n_commits;
};

/* Where the next merge of two begins. */
struct pair {
	int a, b;
	struct map map;
};

static struct model refs[REFS];
static struct pair pairs[PAIRS];
static int n_pairs, serials, files;
static int64_t clock_now;
static unsigned seed;
static struct json_object *asset_serials; /* {asset id: serial} */
static struct {
	int operations, merges, conflicts, refused, tags, completed, reverted, stayed;
} counts;

static int pick(int n)
{
	seed = seed * 1103515245u + 12345u;
	return (int)(seed >> 16) % n;
}

static const char *name_of(int i)
{
	return cx_printf(&cx, "t%d", i);
}

static bool same(struct cell a, struct cell b)
{
	return a.asset == b.asset && a.file == b.file;
}

static struct model *any_ref(bool writable)
{
	for (;;) {
		struct model *m = &refs[pick(REFS)];

		if (m->used && !(writable && m->tag))
			return m;
	}
}

static struct model *free_ref(void)
{
	for (int i = 0; i < REFS; i++)
		if (!refs[i].used)
			return &refs[i];
	return NULL;
}

static int number(const char *text)
{
	int64_t n = 0;

	ck_assert(text_int(text, &n));
	return (int)n;
}

/* BRANCH_TRACE=1: what led to a failure. */
static void trace(const char *what, const char *a, const char *b)
{
	if (getenv("BRANCH_TRACE"))
		fprintf(stderr, "%d: %s %s %s\n", counts.operations, what, a, b);
}

/* --- reading --------------------------------------------------------------------------- */

static int serial_of(const char *asset_id)
{
	if (!json_has(asset_serials, asset_id))
		json_set_int(asset_serials, asset_id, ++serials);
	return (int)json_int(asset_serials, asset_id, 0);
}

static struct map read_map(const struct model *m)
{
	const struct catalog_ref *r = on(m->name);
	struct place *places[NAMES];
	struct map map = { 0 };

	for (int i = 0; i < NAMES; i++)
		places[i] = place_asset(&cx, r, "a", name_of(i));
	ok(content_read(&cx, st, r, NULL, places, NAMES, NULL, 0));
	for (int i = 0; i < NAMES; i++)
		if (places[i]->seen)
			map.at[i] = (struct cell){ serial_of(places[i]->seen->asset_id),
						   number(places[i]->seen->metadata_location) };
	return map;
}

static void check(const struct model *m)
{
	struct map map = read_map(m);
	struct text listed = text_open(&cx, 4096);

	for (int i = 0; i < NAMES; i++) {
		ck_assert_msg(same(map.at[i], m->map.at[i]),
			      "operation %d: %s shows t%d as %d of %d, not %d of %d",
			      counts.operations, m->name, i, map.at[i].file, map.at[i].asset,
			      m->map.at[i].file, m->map.at[i].asset);
		if (m->map.at[i].asset)
			text_addf(&listed, "%s ", name_of(i));
	}
	ck_assert_str_eq(names_by(on(m->name), "a", 1 + (size_t)counts.operations % 3), listed.s);
}

static void check_all(void)
{
	for (int i = 0; i < REFS; i++)
		if (refs[i].used)
			check(&refs[i]);
}

/* --- changes --------------------------------------------------------------------------- */

static void remember(struct model *m, const struct map *before)
{
	struct branch b;
	const char *id;
	int at = m->n_commits % REMEMBERED;

	ok(branch_find(&cx, st, ref, m->name, false, &b));
	ok(commit_head(&cx, st, &b, INT64_MAX, &id));
	if (m->n_commits && text_same(m->commits[(m->n_commits - 1) % REMEMBERED].id, id))
		return; /* nothing was changed: no commit was made */
	m->n_commits++;
	snprintf(m->commits[at].id, sizeof(m->commits[at].id), "%s", id);
	m->commits[at].when = ++clock_now;
	m->commits[at].before = *before;
	m->commits[at].map = m->map;
}

static const char *new_file(void)
{
	return cx_printf(&cx, "%d", ++files);
}

static void change_one(struct model *m)
{
	const struct catalog_ref *r = on(m->name);
	int i = pick(NAMES), k = pick(NAMES);
	struct cell *c = &m->map.at[i];
	struct map before = m->map;
	int what = pick(10);

	trace("change", m->name, name_of(i));
	if (!c->asset) {
		ok(make_table(r, "a", name_of(i), new_file(), NULL));
		c->file = files;
		c->asset = serial_of(seen(r, "a", name_of(i))->asset_id);
	} else if (what < 5) {
		ok(commit_table(r, "a", name_of(i), new_file()));
		c->file = files;
	} else if (what < 7) {
		ok(drop_table(r, "a", name_of(i)));
		*c = (struct cell){ 0 };
	} else if (!m->map.at[k].asset) {
		ok(rename_table(r, "a", name_of(i), name_of(k)));
		m->map.at[k] = *c;
		*c = (struct cell){ 0 };
	} else {
		ck_assert_int_eq(make_table(r, "a", name_of(i), "x", NULL), EXISTS);
		return;
	}
	check(m);
	remember(m, &before);
}

/* --- branches and tags --------------------------------------------------------------------- */

static void begin(struct model *m, const struct model *from, const struct map *map, bool tag)
{
	*m = (struct model){ .used = true, .tag = tag, .serial = ++serials, .map = *map };
	m->partial = from->partial;
	m->first = from->first;
	snprintf(m->name, sizeof(m->name), "r%d", m->serial);
	m->chain[0] = (struct ancestor){ from->serial, ++clock_now, *map };
	memcpy(m->chain + 1, from->chain, (size_t)from->n_chain * sizeof(m->chain[0]));
	m->n_chain = from->n_chain + 1;
}

static void make_one(void)
{
	struct model *m = free_ref(), *from = any_ref(false);
	struct branch_wish wish = { .from = from->name };
	bool tag = pick(2);
	const char *commit = NULL;
	struct map map = from->map;
	int64_t when = ++clock_now;
	struct branch made;

	if (!m || from->n_chain > 8)
		return;
	if (from->n_commits && !from->tag && pick(3) == 0) {
		int last = from->n_commits < REMEMBERED ? from->n_commits : REMEMBERED;
		int at = pick(last);

		commit = from->commits[at].id;
		map = from->commits[at].map;
		when = from->commits[at].when;
		wish.from = NULL;
	}
	begin(m, from, &map, tag);
	m->chain[0].cut = when;
	wish.name = m->name;
	wish.type = tag ? "tag" : "experimental";
	wish.commit_id = commit;
	trace(tag ? "tag" : commit ? "branch at a commit" : "branch", m->name, from->name);
	ok(branch_create(&cx, st, ref, &wish, NULL, &made));
	counts.tags += tag;
}

static void make_partial(void)
{
	struct model *m = free_ref(), *from = any_ref(false);
	struct asset_name only[NAMES];
	struct branch_wish wish = { .type = "ingest", .from = from->name, .only = only };
	struct map map = { 0 };
	struct branch made;

	if (!m)
		return;
	for (int i = 0; i < NAMES; i++)
		if (from->map.at[i].asset && pick(2)) {
			only[wish.n_only++] = (struct asset_name){ "a", name_of(i) };
			map.at[i] = from->map.at[i];
		}
	if (!wish.n_only)
		return;
	begin(m, from, &map, false);
	m->partial = true;
	m->first = map;
	m->n_chain = 0;
	wish.name = m->name;
	trace("partial", m->name, from->name);
	ok(branch_create(&cx, st, ref, &wish, NULL, &made));
}

static void delete_one(void)
{
	struct model *m = any_ref(false);

	if (m == &refs[0])
		return;
	trace("delete", m->name, "");
	ok(branch_drop(&cx, st, ref, m->name, m->tag, NULL));
	m->used = false;
}

/* --- merges ---------------------------------------------------------------------------------- */

static struct pair *pair_of(const struct model *a, const struct model *b)
{
	for (int i = 0; i < n_pairs; i++)
		if ((pairs[i].a == a->serial && pairs[i].b == b->serial) ||
		    (pairs[i].a == b->serial && pairs[i].b == a->serial))
			return &pairs[i];
	return NULL;
}

static struct map base_of(const struct model *a, const struct model *b)
{
	struct pair *p = pair_of(a, b);

	if (p)
		return p->map;
	for (int i = -1; i < a->n_chain; i++)
		for (int k = -1; k < b->n_chain; k++) {
			int x = i < 0 ? a->serial : a->chain[i].serial;
			int y = k < 0 ? b->serial : b->chain[k].serial;

			if (x != y)
				continue;
			if (i < 0)
				return b->chain[k].map;
			if (k < 0)
				return a->chain[i].map;
			return a->chain[i].cut < b->chain[k].cut ? a->chain[i].map
								 : b->chain[k].map;
		}
	return a->partial ? a->first : b->first;
}

static void set_base(const struct model *source, const struct model *target)
{
	struct pair *p = pair_of(source, target);

	if (!p) {
		ck_assert_int_lt(n_pairs, PAIRS);
		p = &pairs[n_pairs++];
		p->a = source->serial;
		p->b = target->serial;
	}
	p->map = source->map;
}

/* The rule itself; true where no name was changed on both sides. */
static bool three_ways(const struct model *s, const struct model *t, struct map *out)
{
	struct map base = base_of(s, t);
	bool clean = true;

	*out = t->map;
	for (int i = 0; i < NAMES; i++) {
		struct cell a = s->map.at[i], b = base.at[i], c = t->map.at[i];

		/* a partial branch is brought what it has copies of */
		if (t->partial && !t->first.at[i].asset && !c.asset)
			continue;
		if (same(a, b) || same(a, c))
			continue;
		if (same(b, c))
			out->at[i] = a;
		else
			clean = false;
	}
	return clean;
}

/* Nothing is there that neither side had there, and nothing twice. */
static void check_merged(const struct model *s, const struct model *t, const struct map *now)
{
	for (int i = 0; i < NAMES; i++) {
		ck_assert_msg(same(now->at[i], s->map.at[i]) || same(now->at[i], t->map.at[i]) ||
				      !now->at[i].asset,
			      "operation %d: t%d shows what neither side did", counts.operations,
			      i);
		for (int k = 0; k < i; k++)
			ck_assert_msg(!now->at[i].asset || now->at[i].asset != now->at[k].asset,
				      "operation %d: one asset at t%d and t%d", counts.operations,
				      k, i);
	}
}

/* The answers are given to each conflict; then it is completed, or refused for them. */
static void answer(struct merge_operation *op, const struct model *s, struct model *t)
{
	struct merge_resolution how = { .strategy = pick(2) ? "source" : "target" };
	struct merge_conflict *list;
	enum status status;
	struct map now;
	size_t n;

	ok(merge_conflicts(&cx, st, op, &list, &n));
	ck_assert_uint_gt(n, 0);
	ck_assert_int_eq(merge_complete(&cx, st, ref, op, NULL), INVALID);
	for (size_t i = 0; i < n; i++)
		ok(merge_resolve(&cx, st, NIL_UUID, list[i].id, &how, NULL));
	status = merge_complete(&cx, st, ref, op, NULL);
	trace("answered", how.strategy, status ? cx.message : "");
	now = read_map(t);
	check_merged(s, t, &now);
	if (status == INVALID) {
		counts.refused++;
		check(t);
		ok(merge_abort(&cx, st, op, NULL));
		return;
	}
	ck_assert_msg(status == OK, "operation %d: %s", counts.operations, cx.message);
	t->map = now;
	set_base(s, t);
}

static void merge_one(void)
{
	struct model *s = any_ref(false), *t = any_ref(true);
	struct merge_operation op;
	struct map want, before = t->map;
	bool clean;

	if (s == t)
		return;
	clean = three_ways(s, t, &want);
	trace("merge", s->name, t->name);
	ok(merge_start(&cx, st, ref, s->name, t->name, NULL, &op));
	counts.merges++;
	if (strcmp(op.status, "conflicted") == 0) {
		counts.conflicts++;
		if (pick(3) == 0)
			ok(merge_abort(&cx, st, &op, NULL));
		else
			answer(&op, s, t);
	} else {
		ck_assert_msg(clean, "operation %d: a conflict of %s and %s was not seen",
			      counts.operations, s->name, t->name);
		ok(merge_complete(&cx, st, ref, &op, NULL));
		ck_assert_str_eq(op.status, "completed");
		t->map = want;
		set_base(s, t);
		counts.completed++;
	}
	check(t);
	check(s);
	if (!t->tag)
		remember(t, &before);
}

/* --- reverts --------------------------------------------------------------------------------- */

static bool shows(const struct map *m, int asset)
{
	for (int i = 0; i < NAMES; i++)
		if (m->at[i].asset == asset)
			return true;
	return false;
}

static bool shown_twice(const struct map *m)
{
	for (int i = 0; i < NAMES; i++)
		for (int k = 0; k < i; k++)
			if (m->at[i].asset && m->at[i].asset == m->at[k].asset)
				return true;
	return false;
}

/* An asset that the change made or renamed was renamed or dropped since. */
static bool has_left(const struct map *before, const struct map *after, const struct map *now,
		     int i)
{
	int a = before->at[i].asset, b = after->at[i].asset, c = now->at[i].asset;

	if (!a)
		return b && !c && !shows(before, b) && shows(now, b);
	return a != c && shows(after, a) && !shows(now, a);
}

/* What is shown once it is taken back; false where it was changed since, or nothing is left of it. */
static bool taken_back(const struct map *before, const struct map *after, const struct map *now,
		       struct map *out)
{
	bool changes = false;

	*out = *now;
	for (int i = 0; i < NAMES; i++) {
		struct cell a = before->at[i], b = after->at[i], c = now->at[i];

		if (same(a, b))
			continue;
		if (has_left(before, after, now, i) || (!same(a, c) && !same(b, c)))
			return false;
		out->at[i] = a;
		changes |= !same(a, c);
	}
	return changes && !shown_twice(out);
}

static void revert_one(void)
{
	struct model *m = any_ref(true);
	int last = m->n_commits < REMEMBERED ? m->n_commits : REMEMBERED;
	int at = last ? pick(last) : 0;
	struct map before = m->map, want;
	const char *made;
	enum status s;
	bool may;

	if (!last || !memcmp(&m->commits[at].before, &m->commits[at].map, sizeof(before)))
		return;
	may = taken_back(&m->commits[at].before, &m->commits[at].map, &m->map, &want);
	trace("revert", m->name, m->commits[at].id);
	s = commit_revert(&cx, st, ref, m->name, m->commits[at].id, NULL, NULL, &made);
	ck_assert_msg(s == (may ? OK : CONFLICT), "operation %d: revert on %s: %d: %s",
		      counts.operations, m->name, s, s ? cx.message : "");
	(*(may ? &counts.reverted : &counts.stayed))++;
	if (may)
		m->map = want;
	check(m);
	remember(m, &before);
}

/* --- the run --------------------------------------------------------------------------------- */

static void step(void)
{
	int what = pick(100);

	counts.operations++;
	if (what >= 97)
		trace("work", "", "");
	if (what < 62)
		change_one(any_ref(true));
	else if (what < 70)
		make_one();
	else if (what < 73)
		make_partial();
	else if (what < 79)
		delete_one();
	else if (what < 93)
		merge_one();
	else if (what < 97)
		revert_one();
	else
		work_all(ref);
	if (counts.operations % 25 == 0 || getenv("BRANCH_TRACE"))
		check_all();
}

static void put_json(void *json)
{
	json_object_put(json);
}

/* Long runs: what a step allocates goes with it. */
static void forget(void)
{
	struct json_object *serials_kept = json_object_get(asset_serials);

	content_close(content);
	cx_reset(&cx);
	content = content_open();
	ok(content_catalog(&cx, content, st, NIL_UUID, "c", NULL, &ref));
	asset_serials = serials_kept;
	cx_own(&cx, serials_kept, put_json);
}

START_TEST(as_the_model)
{
	const char *given = getenv("BRANCH_OPERATIONS");
	int n = given ? number(given) : 300;

	given = getenv("BRANCH_SEED");
	seed = given ? (unsigned)number(given) : 1;
	asset_serials = json_new_object(&cx);
	ok(make_namespace(ref, "a"));
	refs[0] = (struct model){ .used = true, .serial = ++serials, .name = "main" };
	while (counts.operations < n) {
		step();
		if (counts.operations % 10 == 0)
			forget();
	}
	work_all(ref);
	check_all();
	printf("branch model: %d operations, seed of %s, %d merges (%d clean, %d with conflicts, "
	       "%d answers refused), %d tags, %d reverts (and %d refused): all as in the model\n",
	       counts.operations, given ? given : "1", counts.merges, counts.completed,
	       counts.conflicts, counts.refused, counts.tags, counts.reverted, counts.stayed);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("branch_model");
	TCase *c = tcase_create("branch_model");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(c, set_up, tear_down);
	tcase_set_timeout(c, 3600);
	tcase_add_test(c, as_the_model);
	suite_add_tcase(s, c);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
