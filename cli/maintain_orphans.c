/* SPDX-License-Identifier: Apache-2.0 */
/* maintain_orphans.c - pangolin maintain --orphans: files that nothing reads go, table by table. */
#include "cli/maintain.h"

#include "common/text.h"

static void tell(void *arg, const char *location, int64_t size)
{
	const struct orphan_rule *rule = arg;

	cli_say("  %s%s (%lld bytes)", rule->dry_run ? "" : "removes ", location, (long long)size);
}

/* Runs one of the two to its end; a step's failure is told in `cx`. */
static enum status run(struct upkeep *u, struct cx *cx, struct orphans *o, struct foreign *f)
{
	bool done = false;
	enum status s = OK;

	while (!s && !done) {
		cx_reset(&u->step);
		u->step.deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
		s = o ? orphans_step(&u->step, o, &done) : foreign_step(&u->step, f, &done);
		if (s)
			fail(cx, s, "%s", u->step.message);
	}
	return s;
}

enum status upkeep_shared(struct upkeep *u, struct cx *cx, const char *tenant_id,
			  const char *identity)
{
	enum status s;

	if (u->shared && text_same(u->shared_tenant, tenant_id) &&
	    text_same(u->shared_identity, identity))
		return OK;
	cx_reset(&u->shared_memory);
	u->shared_tenant = cx_strdup(&u->shared_memory, tenant_id);
	u->shared_identity = cx_strdup(&u->shared_memory, identity);
	u->shared =
		foreign_open(&u->shared_memory, &u->site.rs, u->shared_tenant, u->shared_identity);
	s = run(u, cx, NULL, u->shared);
	if (s)
		u->shared = NULL;
	return s;
}

static enum status clean(struct upkeep *u, struct cx *cx, const struct catalog_ref *ref,
			 const struct asset_name *at, bool dry_run, struct orphans_found *found)
{
	struct orphan_rule rule = { .age_ms = u->orphan_age_ms, .dry_run = dry_run };
	const struct scope *sc;
	struct orphans *o;
	enum status s = scope_of(cx, ref, &sc);

	if (!s)
		s = upkeep_shared(u, cx, ref->tenant_id, sc->identity);
	if (dry_run)
		rule.tell = tell;
	rule.arg = &rule;
	cx->deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
	if (!s)
		s = orphans_open(cx, &u->site.rs, ref, at, &rule, u->shared, &o);
	cx->deadline_ms = 0;
	if (s)
		return s;
	s = run(u, cx, o, NULL);
	*found = *orphans_found(o);
	return s;
}

static void told(struct upkeep *u, const char *shown, const struct orphans_found *found)
{
	u->files += found->files;
	u->bytes += found->bytes;
	if (found->skipped)
		cli_say("%s: left alone: %s", shown, found->skipped);
	else if (found->files)
		cli_say("%s: %lld of %lld files, %lld bytes, %s", shown, (long long)found->files,
			(long long)found->looked_at, (long long)found->bytes,
			u->dry_run ? "would go" : "removed");
}

void upkeep_orphans(struct upkeep *u, const struct catalog_ref *ref, const struct asset *a,
		    const char *shown)
{
	const struct asset_name at = { a->namespace, a->name };
	struct orphans_found found = { 0 };
	struct cx cx = { 0 };
	enum status s = OK;

	if (!seen_add(u->seen, a->asset_id))
		return;
	u->tables++;
	if (!u->yes || u->dry_run)
		s = clean(u, &cx, ref, &at, true, &found);
	if (!s && !u->dry_run &&
	    (u->yes || (found.files && upkeep_may("%s: remove %lld files, %lld bytes?", shown,
						  (long long)found.files, (long long)found.bytes))))
		s = clean(u, &cx, ref, &at, false, &found);
	else if (!u->dry_run)
		found.files = found.bytes = 0;
	if (s) {
		u->failed++;
		cli_say("%s: %s", shown, cx.message);
	}
	told(u, shown, &found);
	cx_free(&cx);
}

void upkeep_close(struct upkeep *u)
{
	cx_free(&u->step);
	cx_free(&u->shared_memory);
	cx_free(&u->seen_memory);
}
