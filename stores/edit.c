/* SPDX-License-Identifier: Apache-2.0 */
/* edit.c - one change of a catalog's content, with the rules of cuts. */
#include "stores/edit.h"

#include <time.h>

#include "common/text.h"
#include "stores/index.h"
#include "stores/states.h"

struct edit *edit_begin(struct cx *cx, const struct catalog_ref *ref, struct branch *branch,
			const struct audit *by)
{
	struct edit *e = CX_NEW(cx, struct edit);

	e->cx = cx;
	e->catalog = ref;
	e->branch = branch;
	e->by = by;
	e->operations = json_new_array(cx);
	e->moves = (struct list){ .cx = cx, .size = sizeof(struct edit_move) };
	e->room.come = (struct list){ .cx = cx, .size = sizeof(struct quota_item) };
	e->room.go = e->room.come;
	e->commit = (struct commit){
		.row = ROW(commit),
		.tenant_id = ref->tenant_id,
		.catalog_id = ref->catalog_id,
		.branch_id = ref->branch_id,
		.commit_id = text_uuid7(cx),
		.cut = branch->cut,
		.made_ms = cx_now_ms(),
		.author = by ? by->username : NULL,
	};
	return e;
}

struct edit *edit_open(struct cx *cx, const struct catalog_ref *ref, struct branch *branch,
		       const struct audit *by)
{
	struct edit *e = edit_begin(cx, ref, branch, by);

	edit_add(e, REQUIRE, &branch->row, PART_BRANCH);
	return e;
}

static void make_room(struct edit *e)
{
	size_t cap = e->cap ? 2 * e->cap : 32;
	struct change *changes = cx_array(e->cx, cap, sizeof(*changes));
	unsigned char *parts = cx_array(e->cx, cap, sizeof(*parts));

	if (e->n) {
		memcpy(changes, e->changes, e->n * sizeof(*changes));
		memcpy(parts, e->parts, e->n * sizeof(*parts));
	}
	e->changes = changes;
	e->parts = parts;
	e->cap = cap;
}

void edit_add(struct edit *e, enum change_op op, struct row *row, enum edit_part part)
{
	if (e->n == e->cap)
		make_room(e);
	e->changes[e->n] = (struct change){ op, row };
	e->parts[e->n++] = (unsigned char)part;
}

/* Where a cut shows the branch's own row, a copy stays behind for it. */
static void keep(struct edit *e, const struct asset *own)
{
	struct asset *kept;

	if (!own->row.version || own->born >= e->branch->cut)
		return;
	kept = state_copy(e->cx, own);
	kept->until = e->branch->cut;
	edit_add(e, INSERT, &kept->row, PART_ASSET);
}

/* Search finds what main shows: functions aside, and not what stays where it is. */
static void note_move(struct edit *e, const struct place *p, const char *asset_id,
		      const struct asset *row, bool fresh)
{
	if (!strcmp(e->catalog->branch_name, "main") && !strchr(p->namespace, FUNCTIONS_MARK))
		*(struct edit_move *)list_add(&e->moves) =
			(struct edit_move){ asset_id, row, fresh };
}

/* row NULL: nothing is shown from now on. */
static void note_room(struct edit *e, const struct place *p, const struct asset *row)
{
	if (row && p->seen && text_same(p->seen->asset_id, row->asset_id))
		return;
	if (p->seen)
		quota_note(&e->room.go, p->seen);
	if (row)
		quota_note(&e->room.come, row);
}

static void put(struct edit *e, const struct place *p, struct asset *row)
{
	const struct asset *own = &p->rows[0];

	note_room(e, p, row);
	keep(e, own);
	row->row = (struct row)ROW(asset);
	row->row.version = own->row.version;
	row->row.was = &own->row;
	row->tenant_id = p->catalog->tenant_id;
	row->catalog_id = p->catalog->catalog_id;
	row->branch_id = p->catalog->branch_id;
	row->namespace = p->namespace;
	row->name = p->name;
	row->until = LIVING;
	row->born = e->branch->cut;
	edit_add(e, own->row.version ? UPDATE : INSERT, &row->row, PART_ASSET);
}

void edit_put(struct edit *e, const struct place *p, struct asset *row)
{
	put(e, p, row);
	if (p->seen && text_same(p->seen->asset_id, row->asset_id) &&
	    text_same(p->seen->type, row->type))
		return;
	if (p->seen && !text_same(p->seen->asset_id, row->asset_id))
		note_move(e, p, p->seen->asset_id, NULL, false);
	note_move(e, p, row->asset_id, row, false);
}

void edit_make(struct edit *e, const struct place *p, struct asset *row)
{
	put(e, p, row);
	note_move(e, p, row->asset_id, row, true);
}

void edit_pin(struct edit *e, const struct place *p)
{
	put(e, p, state_copy(e->cx, p->seen));
}

void edit_hide(struct edit *e, const struct place *p)
{
	struct asset *tombstone, *own = &p->rows[0];

	if (p->seen)
		note_move(e, p, p->seen->asset_id, NULL, false);
	/* of a branch that was cut, also a row of this count: an older one may be kept */
	if (p->below || (own->row.version && e->branch->cut > 0)) {
		tombstone = CX_NEW(e->cx, struct asset);
		tombstone->type = "TOMBSTONE";
		tombstone->current_snapshot_id = -1;
		put(e, p, tombstone);
		return;
	}
	note_room(e, p, NULL);
	edit_add(e, DELETE, &own->row, PART_ASSET);
}

void edit_into(struct edit *e, const struct place *namespace)
{
	struct asset *copy, *own = &namespace->rows[0];

	if (own->row.version) {
		edit_add(e, TOUCH, &own->row, PART_CONTAINER);
		return;
	}
	copy = state_copy(e->cx, namespace->seen);
	put(e, namespace, copy);
	e->parts[e->n - 1] = PART_CONTAINER;
}

void edit_operation(struct edit *e, const char *op, const struct place *p,
		    const struct asset *after)
{
	struct json_object *o = json_new_object(e->cx);
	const struct asset *any = after ? after : p->seen;

	json_set_text(o, "op", op);
	json_set_text(o, "asset_id", any ? any->asset_id : NULL);
	json_set_text(o, "type", any ? any->type : NULL);
	json_set_text(o, "namespace", p->namespace);
	json_set_text(o, "name", p->name);
	json_set_text(o, "before", p->seen ? p->seen->metadata_location : NULL);
	json_set_text(o, "after", after ? after->metadata_location : NULL);
	json_set(o, "was", state_json(e->cx, p->seen));
	if (after && !after->metadata_location)
		json_set(o, "is", state_json(e->cx, after));
	json_add(e->operations, o);
}

enum status edit_take_room(struct edit *e, struct store *st)
{
	const struct catalog_ref *ref = e->catalog;
	struct change change;
	enum status s;

	/* every branch, tag and merge begins with a cut of main, sooner or later */
	e->room.is_gone = !strcmp(ref->branch_name, "main") && e->branch->cut == 0;
	s = quota_take(e->cx, st, ref->tenant_id, ref->tenant_version, &ref->quota, &e->room,
		       &change);
	if (!s && change.row)
		edit_add(e, change.op, change.row, PART_NONE);
	return s;
}

enum status edit_apply(struct edit *e, struct store *st, struct audit *audit)
{
	size_t failed = 0;
	enum status s = e->merges ? OK : content_may_write(e->cx, e->catalog);

	if (!s)
		s = index_edit(e, st);
	if (!s)
		s = edit_take_room(e, st);
	if (s)
		return s;
	e->commit.operations = json_print(e->cx, e->operations, NULL);
	if (!e->commit.message)
		e->commit.message = audit->action;
	edit_add(e, INSERT, &e->commit.row, PART_RECORD);
	edit_add(e, INSERT, &audit->row, PART_RECORD);
	s = store_apply(e->cx, st, e->changes, e->n, &failed);
	if (s != EXISTS && s != CONFLICT)
		return s;
	e->failed = (enum edit_part)e->parts[failed];
	return fail(e->cx, CONFLICT, "the catalog was changed at the same time");
}

void edit_backoff(struct cx *cx, size_t tries)
{
	int64_t most = tries < 6 ? (int64_t)4 << tries : 250, left = cx_left_ms(cx), wait;
	struct timespec t;

	if (most > left / 4)
		most = left / 4;
	wait = most > 0 ? text_random62() % most : 0;
	t = (struct timespec){ wait / 1000, wait % 1000 * 1000000 };
	nanosleep(&t, NULL);
}

enum status edit_gave_up(struct cx *cx)
{
	return fail(cx, UNAVAILABLE, "others changed the same thing %d times meanwhile: try again",
		    EDIT_TRIES);
}
