/* SPDX-License-Identifier: Apache-2.0 */
/* decide.c - decisions on a request's objects: most need nothing read. */
#include "fcgi/decide.h"

#include "fcgi/resolve.h"

/* An object that a body names, as the path's would be: without @branch, with its id. */
static enum status look_up(struct request *rq, enum action action, struct object *o)
{
	const struct catalog_ref *ref;
	struct place *p;
	enum status s = resolve_names(rq, &o->namespace, &o->name, &ref);

	if (s || !access_needs_id(rq->who, action, o))
		return s;
	p = place_asset(rq->cx, ref, o->namespace, o->name);
	s = content_read(rq->cx, rq->rs->store, ref, NULL, &p, 1, NULL, 0);
	if (!s && p->seen)
		o->asset_id = p->seen->asset_id;
	return s;
}

enum status decide(struct request *rq, enum action action, const struct object *object)
{
	struct object o = *object;
	enum status s = OK;

	if (rq->who && rq->who->role == ROLE_TENANT_USER && object != &rq->object && rq->resolved &&
	    o.kind >= ON_NAMESPACE)
		s = look_up(rq, action, &o);
	if (!s)
		s = access_check(rq->cx, rq->who, action, &o);
	if (s == NOT_FOUND && object != &rq->object && o.kind == ON_NAMESPACE)
		rq->error_type = "NoSuchNamespaceException";
	return s;
}
