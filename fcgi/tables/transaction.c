/* SPDX-License-Identifier: Apache-2.0 */
/* transaction.c - commits of many tables, all or none. */
#include "fcgi/tables/commit.h"
#include "fcgi/tables/tables.h"

#include "common/text.h"
#include "fcgi/idents.h"

#define MAX_TABLES 1000 /* of one transaction: each is a file, and a row or more */

/* What the body says, as far as it says it without the store. */
struct transaction {
	const struct catalog_ref *ref; /* with the branch that all its tables are on */
	struct table_change *changes;
	size_t n;
};

static enum status read_change(struct request *rq, struct json_object *item, struct transaction *x)
{
	struct table_change *c = &x->changes[x->n];
	const struct catalog_ref *ref;
	enum status s;

	if (!json_object_is_type(item, json_type_object))
		return fail(rq->cx, INVALID, "not an object");
	s = ident_read(rq->cx, item, "identifier", &c->at.path, &c->at.name);
	if (!s)
		s = change_read(rq->cx, &table_metadata, item, c);
	if (!s)
		s = resolve_names(rq, &c->at.path, &c->at.name, &ref);
	if (s)
		return s;
	if (x->n && strcmp(ref->branch_id, x->ref->branch_id) != 0)
		return fail(rq->cx, INVALID, "a transaction cannot change branch %s and branch %s",
			    x->ref->branch_name, ref->branch_name);
	x->ref = ref;
	for (size_t i = 0; i < x->n; i++)
		if (!strcmp(c->at.path, x->changes[i].at.path) &&
		    !strcmp(c->at.name, x->changes[i].at.name))
			return fail(rq->cx, INVALID, "%s stands in the transaction twice",
				    asset_shown(rq->cx, c->at.path, c->at.name));
	x->n++;
	return OK;
}

static enum status read_transaction(struct request *rq, struct transaction *x)
{
	struct json_object *list;
	size_t n;
	enum status s = rq->json ? OK : request_json(rq, false);

	*x = (struct transaction){ 0 };
	if (!s)
		s = json_get_array(rq->cx, rq->json, "", "table-changes", &list);
	if (s)
		return s;
	n = json_object_array_length(list);
	if (!n)
		return fail(rq->cx, INVALID, "Invalid table changes: empty");
	if (n > MAX_TABLES)
		return fail(rq->cx, INVALID,
			    "%zu tables in one transaction: at most %d are possible", n,
			    MAX_TABLES);
	x->changes = cx_array(rq->cx, n, sizeof(*x->changes));
	for (size_t i = 0; i < n; i++) {
		s = read_change(rq, json_object_array_get_idx(list, i), x);
		if (s)
			return fail(rq->cx, s, "table-changes[%zu]: %s", i,
				    cx_strdup(rq->cx, rq->cx->message));
	}
	return OK;
}

enum status commit_transaction_objects(struct request *rq,
				       enum status (*visit)(struct request *, enum action,
							    const struct object *))
{
	struct transaction x;
	enum status s = read_transaction(rq, &x);

	for (size_t i = 0; !s && i < x.n; i++) {
		const struct table_change *c = &x.changes[i];
		bool creates = change_creates(c);
		struct object o = rq->object;

		o.kind = creates ? ON_NAMESPACE : ON_ASSET;
		o.namespace = c->at.path;
		o.name = creates ? NULL : c->at.name;
		s = visit(rq, creates ? MAY_CREATE : MAY_WRITE, &o);
	}
	return s;
}

enum status commit_transaction(struct request *rq)
{
	struct branch *branch = CX_NEW(rq->cx, struct branch);
	struct place **places;
	struct transaction x;
	enum status s = read_transaction(rq, &x);

	if (s)
		return s;
	places = cx_array(rq->cx, x.n, sizeof(*places));
	for (size_t i = 0; i < x.n; i++) {
		struct table_change *c = &x.changes[i];

		places[i] = c->place = place_asset(rq->cx, x.ref, c->at.path, c->at.name);
	}
	s = content_read(rq->cx, rq->rs->store, x.ref, branch, places, x.n, NULL, 0);
	if (!s)
		s = commit_changes(rq, x.ref, branch, x.changes, x.n);
	return s ? s : answer_empty(rq, 204);
}
