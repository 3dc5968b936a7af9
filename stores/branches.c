/* SPDX-License-Identifier: Apache-2.0 */
/* branches.c - branches and tags as lists of a few changes. */
#include "stores/branches.h"

#include "common/text.h"
#include "stores/commits.h"
#include "stores/jobs.h"
#include "stores/tenants.h"

#define MAX_NAME_BYTES 255
#define MAX_CHAIN_BYTES ((size_t)8192)

static bool is_tag(const struct branch *b)
{
	return text_same(b->branch_type, "tag");
}

static const char *noun(bool tag)
{
	return tag ? "Tag" : "Branch";
}

struct audit *branch_record(struct cx *cx, const struct audit *by, const struct catalog_ref *ref,
			    const char *op, const struct branch *b)
{
	const char *type = is_tag(b) ? "tag" : "branch";

	return audit_new(cx, by, ref->tenant_id, cx_printf(cx, "%s_%s", op, type), type, b->id,
			 cx_printf(cx, "%s/%s", ref->name, b->name));
}

/* --- names --------------------------------------------------------------------- */

enum status branch_name_check(struct cx *cx, const char *name)
{
	if (!name || !*name)
		return fail(cx, INVALID, "a branch or tag needs a name");
	if (strlen(name) > MAX_NAME_BYTES)
		return fail(cx, INVALID, "a branch or tag name is longer than %d bytes",
			    MAX_NAME_BYTES);
	if (!text_is_utf8(name, strlen(name)))
		return fail(cx, INVALID, "a branch or tag name is not UTF-8");
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return fail(cx, INVALID, "a branch or tag can't be called \"%s\"", name);
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || strchr("/@\\", *c))
			return fail(cx, INVALID,
				    "a branch or tag name can't hold / @ \\ or control bytes");
	return OK;
}

const char *branch_hidden_name(struct cx *cx, const char *id)
{
	return cx_printf(cx, "@%s", id);
}

/* --- finding -------------------------------------------------------------------- */

static struct branch named(const struct catalog_ref *ref, const char *name)
{
	return (struct branch){ .row = ROW(branch),
				.tenant_id = ref->tenant_id,
				.catalog_id = ref->catalog_id,
				.name = name };
}

static enum status missing(struct cx *cx, const struct catalog_ref *ref, const char *name, bool tag)
{
	return fail(cx, NOT_FOUND, "%s does not exist: %s in catalog %s", noun(tag), name,
		    ref->name);
}

static bool is_there(const struct branch *b)
{
	return b->row.version && !text_same(b->branch_type, "hidden");
}

enum status branch_find(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			const char *name, bool tag, struct branch *out)
{
	struct row *row = &out->row;
	enum status s;

	*out = named(ref, name);
	s = store_get_all(cx, st, &row, 1);
	if (!s && (!is_there(out) || is_tag(out) != tag))
		s = missing(cx, ref, name, tag);
	return s;
}

enum status branch_all(struct cx *cx, struct store *st, const struct catalog_ref *ref,
		       struct branch **out, size_t *n)
{
	struct branch from = named(ref, NULL);
	struct rows all;
	enum status s =
		store_list_all(cx, st, &(struct query){ .from = &from.row, .bound = 2 }, &all);

	*out = all.items;
	*n = all.n;
	return s;
}

struct branch *branch_of_id(struct branch *all, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (text_same(all[i].id, id))
			return &all[i];
	return NULL;
}

/* --- making ---------------------------------------------------------------------- */

enum status branch_chain(struct cx *cx, const struct branch *b, int64_t cut, const char **out)
{
	const char *rest = b->chain && strlen(b->chain) > 2 ? b->chain : NULL;
	struct text t = text_open(cx, MAX_CHAIN_BYTES);
	size_t above = 0;

	for (const char *c = rest; c && *c; c++)
		above += *c == '[';
	if (above > MAX_LEVELS - 1) /* the outer bracket counts for b itself */
		return fail(cx, INVALID, "a branch has at most %d ancestors", MAX_LEVELS - 1);
	text_addf(&t, "[[\"%s\",%lld]", b->id, (long long)cut);
	text_add(&t, rest ? "," : "]");
	if (rest)
		text_add(&t, rest + 1);
	*out = t.s;
	return text_check(&t, "the chain of ancestors");
}

size_t branch_cut(struct cx *cx, struct branch *b, struct change *list)
{
	bool is_hidden = text_same(b->branch_type, "hidden");
	size_t n = 0;

	if (is_tag(b) || is_hidden) {
		/* who frees a hidden one has looked for children: TOUCH tells him of a new one */
		list[n++] = (struct change){ is_hidden ? TOUCH : REQUIRE, &b->row };
		return n;
	}
	b->cut++;
	list[n++] = (struct change){ UPDATE, &b->row };
	/* main's first: loads answer otherwise from here on (catalog_ref's guarded) */
	if (b->cut == 1 && strcmp(b->name, "main") == 0)
		list[n++] = epoch_touch(cx, b->tenant_id);
	return n;
}

enum status branch_begin(struct cx *cx, struct branch *parent, struct branch *child,
			 struct change *list, size_t *n)
{
	*child = (struct branch){ .row = ROW(branch),
				  .tenant_id = parent->tenant_id,
				  .catalog_id = parent->catalog_id,
				  .id = text_uuid7(cx),
				  .parent_id = parent->id,
				  .parent_cut = parent->cut,
				  .created_ms = cx_now_ms() };
	*n = branch_cut(cx, parent, list);
	return branch_chain(cx, parent, child->parent_cut, &child->chain);
}

/*
 * The newest commit it shows.  It was read before the cut, and another may have come in
 * between: read again behind it, it stands.
 */
static enum status settle_head(struct cx *cx, struct store *st, const struct branch *parent,
			       struct branch *child)
{
	const char *head;
	enum status s = commit_head(cx, st, parent, child->parent_cut, &head);
	struct branch wrong = *child;

	if (s || text_same(head, child->commit_id))
		return s;
	child->commit_id = head;
	s = store_apply(cx, st, (struct change[]){ { UPDATE, &child->row } }, 1, NULL);
	if (s == CONFLICT) /* somebody has it already: he saw what it shows */
		*child = wrong;
	return s == CONFLICT ? OK : s;
}

static enum status try_create(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			      const struct branch_wish *wish, const struct audit *by,
			      struct branch *out, bool *again)
{
	const char *from = wish->from ? wish->from : "main";
	struct branch parent = named(ref, from), taken = named(ref, wish->name);
	struct row *rows[] = { &parent.row, &taken.row };
	struct change list[BRANCH_BEGINS + 2];
	size_t n;
	enum status s = store_get_all(cx, st, rows, ARRAY_SIZE(rows));

	*again = false;
	if (s)
		return s;
	if (!is_there(&parent))
		return missing(cx, ref, from, false);
	if (taken.row.version)
		return fail(cx, EXISTS, "%s already exists: %s in catalog %s", noun(is_tag(&taken)),
			    wish->name, ref->name);
	s = branch_begin(cx, &parent, out, list, &n);
	if (!s)
		s = commit_head(cx, st, &parent, out->parent_cut, &out->commit_id);
	if (s)
		return s;
	out->name = wish->name;
	out->branch_type = wish->type;
	list[n++] = (struct change){ INSERT, &out->row };
	list[n++] = (struct change){ INSERT, &branch_record(cx, by, ref, "create", out)->row };
	s = store_apply(cx, st, list, n, NULL);
	*again = s == CONFLICT || s == EXISTS; /* the next try says what there is */
	return s ? s : settle_head(cx, st, &parent, out);
}

static enum status check_wish(struct cx *cx, const struct branch_wish *wish)
{
	enum status s = branch_name_check(cx, wish->name);

	if (s)
		return s;
	if (wish->commit_id && wish->n_only)
		return fail(cx, INVALID,
			    "a branch is made at a commit, or of some assets: not both");
	if (wish->n_only && text_same(wish->type, "tag"))
		return fail(cx, INVALID, "a tag is of the whole catalog");
	return OK;
}

enum status branch_create(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			  const struct branch_wish *wish, const struct audit *by,
			  struct branch *out)
{
	enum status s = content_is_ours(cx, ref);

	if (!s)
		s = check_wish(cx, wish);
	if (s)
		return s;
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		bool again;

		s = (wish->commit_id || wish->n_only ? branch_fork : try_create)(cx, st, ref, wish,
										 by, out, &again);
		if (!again)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}

/* --- changing ---------------------------------------------------------------------- */

static enum status try_drop(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			    const char *name, bool tag, const struct audit *by)
{
	struct branch b, hidden;
	struct change list[5];
	enum status s = branch_find(cx, st, ref, name, tag, &b);

	if (s)
		return s;
	if (strcmp(name, "main") == 0)
		return fail(cx, INVALID, "the branch main cannot be deleted");
	if (b.protection)
		return fail(cx, DENIED, "the branch %s is protected: it is not deleted", name);
	hidden = b;
	hidden.row.version = 0;
	hidden.name = branch_hidden_name(cx, b.id);
	hidden.branch_type = "hidden";
	list[0] = (struct change){ DELETE, &b.row };
	list[1] = (struct change){ INSERT, &hidden.row };
	list[2] = (struct change){ INSERT, &job_free(cx, "free-branch", &b, cx_now_ms())->row };
	list[3] = (struct change){ INSERT, &branch_record(cx, by, ref, "delete", &b)->row };
	list[4] = epoch_touch(cx, ref->tenant_id);
	return store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
}

enum status branch_drop(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			const char *name, bool tag, const struct audit *by)
{
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		enum status s = try_drop(cx, st, ref, name, tag, by);

		if (s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}

enum status branch_protect(struct cx *cx, struct store *st, const struct catalog_ref *ref,
			   const char *name, const char *protection, const struct audit *by,
			   struct branch *out)
{
	for (size_t i = 1; i <= EDIT_TRIES; i++) {
		enum status s = branch_find(cx, st, ref, name, false, out);
		struct change list[2];

		if (s)
			return s;
		out->protection = protection;
		list[0] = (struct change){ UPDATE, &out->row };
		list[1] =
			(struct change){ INSERT, &branch_record(cx, by, ref, "update", out)->row };
		s = store_apply(cx, st, list, ARRAY_SIZE(list), NULL);
		if (s != CONFLICT)
			return s;
		edit_backoff(cx, i);
	}
	return edit_gave_up(cx);
}
