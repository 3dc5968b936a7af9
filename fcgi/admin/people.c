/* SPDX-License-Identifier: Apache-2.0 */
/* people.c - what the routes of users and of service users share. */
#include "fcgi/admin/people.h"

#define PAGE 1000

bool people_admin(const struct request *rq)
{
	return rq->who->role >= ROLE_TENANT_ADMIN;
}

static enum status find_anywhere(struct request *rq, void *out,
				 enum status (*find)(struct request *rq, const char *tenant_id,
						     void *out))
{
	struct tenant from = { .row = ROW(tenant) };
	struct query q = { .from = &from.row, .limit = PAGE };
	struct rows page;
	enum status s = find(rq, "", out);

	if (s != NOT_FOUND)
		return s;
	do {
		struct tenant *t;

		s = store_list(rq->cx, rq->rs->store, &q, &page);
		if (s)
			return s;
		t = page.items;
		for (size_t i = 0; i < page.n; i++, t++) {
			s = find(rq, t->tenant_id, out);
			if (s != NOT_FOUND)
				return s;
			q.after = &t->row;
		}
	} while (page.n == PAGE);
	return find(rq, rq->tenant_id, out); /* its own words for what is missing */
}

enum status people_find(struct request *rq, void *out,
			enum status (*find)(struct request *rq, const char *tenant_id, void *out))
{
	if (rq->who->role == ROLE_ROOT && !request_header(rq, "x-pangolin-tenant"))
		return find_anywhere(rq, out, find);
	return find(rq, rq->tenant_id, out);
}

enum status people_role(struct request *rq, const char **out)
{
	const char *text = NULL;
	enum status s = json_opt_text(rq->cx, rq->json, "", "role", &text);
	enum role role;

	if (s || !text)
		return s;
	role = role_parse(text);
	if (role == ROLE_NONE)
		return fail(rq->cx, INVALID, "role: neither tenant-admin nor tenant-user: \"%s\"",
			    text);
	if (role == ROLE_ROOT || role > rq->who->role)
		return fail(rq->cx, DENIED, "the role %s can't be given here", role_name(role));
	*out = role_name(role);
	return OK;
}
