/* SPDX-License-Identifier: Apache-2.0 */
/* selftest.c - probes written, read, removed; one folder's session tried on its neighbour. */
#include "vending/selftest.h"

#include "common/text.h"
#include "vending/vend.h"

#define PROBE "a probe of the catalog's: it may be removed\n"

/* One test on its way.  The folders' names begin alike: who forgets the slash opens both. */
struct probing {
	struct cx *cx;
	struct cloud *cloud;
	const struct storage *storage;
	struct selftest *out;
	const char *folder, *own, *other; /* two of its objects */
	const char *other_folder;
};

static void note(struct probing *p, const char *name, enum selftest_result result, const char *says)
{
	struct selftest *t = p->out;

	if (t->n < SELFTEST_STEPS)
		t->steps[t->n++] = (struct selftest_step){ name, result, says };
	t->good = t->good && result != STEP_BAD;
}

/* True where it went well. */
static bool step(struct probing *p, const char *name, enum status s)
{
	note(p, name, s ? STEP_BAD : STEP_GOOD, s ? cx_strdup(p->cx, p->cx->message) : NULL);
	return !s;
}

static enum status write_probe(struct probing *p, const struct storage *by, const char *location)
{
	return cloud_put(p->cx, p->cloud, by, location, PROBE, strlen(PROBE));
}

static enum status read_probe(struct probing *p, const struct storage *by, const char *location)
{
	const char *bytes;
	size_t n;
	enum status s = cloud_get(p->cx, p->cloud, by, location, &bytes, &n);

	if (!s && (n != strlen(PROBE) || memcmp(bytes, PROBE, n) != 0))
		return fail(p->cx, INVALID, "\"%s\" reads otherwise than it was written", location);
	return s;
}

static enum status list_probe(struct probing *p, const struct storage *by, const char *folder)
{
	struct cloud_entry *entries;
	bool more;
	size_t n;
	enum status s = cloud_list(p->cx, p->cloud, by, folder, NULL, &entries, &n, &more);

	if (!s && !n)
		return fail(p->cx, INVALID, "the list of \"%s\" lacks what was written", folder);
	return s;
}

/* The neighbour's files are nobody's business who has this folder's session. */
static void refused(struct probing *p, const char *name, enum status s)
{
	if (s == DENIED)
		note(p, name, STEP_GOOD, NULL);
	else if (s)
		step(p, name, s);
	else
		note(p, name, STEP_BAD,
		     "not refused: what is vended for one folder is good for the one beside it. "
		     "The "
		     "storage does not hold to the limits of its credentials: vend none from it");
}

static enum status vend_one(struct probing *p, struct vault *v, struct storage *session)
{
	struct vend_scope scope = { .n = 1, .verbs = VEND_READ | VEND_WRITE | VEND_DELETE };
	struct vend_request request = { .storage = p->storage,
					.scope = &scope,
					.owner = text_uuid4(p->cx),
					.warehouse = p->folder,
					.who = "self-test" };
	struct vended vended;
	enum status s = location_parse(p->cx, p->folder, &scope.folders[0]);

	if (!s)
		s = vend(p->cx, p->cloud, v, &request, &vended);
	if (!s)
		*session = vended.storage;
	return s;
}

static void try_session(struct probing *p, const struct storage *session)
{
	const char *fresh = cx_printf(p->cx, "%s/fresh", p->folder);
	const char *foreign = cx_printf(p->cx, "%s/fresh", p->other_folder);
	enum status s = write_probe(p, session, fresh);

	if (!s)
		s = read_probe(p, session, fresh);
	if (!s)
		s = cloud_remove(p->cx, p->cloud, session, fresh);
	step(p, "use what is vended", s);
	refused(p, "read beside it", read_probe(p, session, p->other));
	s = write_probe(p, session, foreign);
	refused(p, "write beside it", s);
	if (!s && cloud_remove(p->cx, p->cloud, p->storage, foreign))
		note(p, "clean up", STEP_BAD, cx_strdup(p->cx, p->cx->message));
	refused(p, "list beside it", list_probe(p, session, p->other_folder));
	refused(p, "remove beside it", cloud_remove(p->cx, p->cloud, session, p->other));
}

static void try_vending(struct probing *p, struct vault *v)
{
	static const char *const why[] = {
		[VEND_SIGNED] = "the warehouse vends no credentials: requests are signed",
		[VEND_STATIC] = "the warehouse gives its own keys to clients: nothing limits them",
		[VEND_NOTHING] = "the warehouse vends nothing",
	};
	struct storage session;

	if (p->storage->vending != VEND_SESSION)
		note(p, "vend", STEP_SKIPPED, why[p->storage->vending]);
	else if (step(p, "vend", vend_one(p, v, &session)))
		try_session(p, &session);
}

static void remove_probes(struct probing *p)
{
	enum status s = cloud_remove(p->cx, p->cloud, p->storage, p->own);
	int64_t size;

	if (!s)
		s = cloud_remove(p->cx, p->cloud, p->storage, p->other);
	if (!s && !cloud_stat(p->cx, p->cloud, p->storage, p->own, &size))
		s = fail(p->cx, INVALID, "\"%s\" is still there after it was removed", p->own);
	step(p, "remove", s);
}

static void set_places(struct probing *p)
{
	const char *top = location_join(p->cx, p->storage->root,
					cx_printf(p->cx, "pangolin-test-%s", text_uuid4(p->cx)));

	p->folder = cx_printf(p->cx, "%s/a", top);
	p->own = cx_printf(p->cx, "%s/probe", p->folder);
	p->other_folder = cx_printf(p->cx, "%s/ab", top);
	p->other = cx_printf(p->cx, "%s/probe", p->other_folder);
}

void selftest_run(struct cx *cx, struct cloud *c, struct vault *v, const struct storage *s,
		  const char *problem, struct selftest *out)
{
	struct probing p = { cx, c, s, out };

	*out = (struct selftest){ .good = true };
	note(&p, "configuration", problem ? STEP_BAD : STEP_GOOD, problem);
	if (problem)
		return;
	set_places(&p);
	if (!step(&p, "write", write_probe(&p, s, p.own)))
		return;
	step(&p, "read", read_probe(&p, s, p.own));
	step(&p, "list", list_probe(&p, s, p.folder));
	if (write_probe(&p, s, p.other))
		step(&p, "write", INVALID);
	else
		try_vending(&p, v);
	remove_probes(&p);
}

struct json_object *selftest_json(struct cx *cx, const struct selftest *t)
{
	static const char *const words[] = { "ok", "failed", "skipped" };
	struct json_object *o = json_new_object(cx), *steps = json_new_array(cx);

	for (size_t i = 0; i < t->n; i++) {
		struct json_object *one = json_new_object(cx);

		json_set_text(one, "name", t->steps[i].name);
		json_set_text(one, "result", words[t->steps[i].result]);
		json_set_text(one, "message", t->steps[i].says);
		json_add(steps, one);
	}
	json_set_bool(o, "ok", t->good);
	json_set(o, "steps", steps);
	return o;
}
