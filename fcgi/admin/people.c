/* SPDX-License-Identifier: Apache-2.0 */
/* people.c - what the routes of users and of service users share. */
#include "fcgi/admin/people.h"

#include "common/text.h"
#include "fcgi/auth.h"
#include "stores/principals.h"

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

static enum status person_in(struct request *rq, const char *tenant_id, void *out)
{
	struct person *p = out;
	struct store *st = rq->rs->store;
	enum status s = user_find_id(rq->cx, st, tenant_id, p->id, &p->user);

	p->tenant_id = tenant_id;
	p->row = &p->user.row;
	if (!s)
		p->principal = auth_user(rq->cx, &p->user);
	if (s != NOT_FOUND)
		return s;
	s = service_user_find(rq->cx, st, tenant_id, p->id, &p->service);
	p->row = &p->service.row;
	if (!s)
		p->principal = auth_service_user(rq->cx, &p->service);
	return s == NOT_FOUND ? fail(rq->cx, s, "no user \"%s\"", p->id) : s;
}

enum status people_person(struct request *rq, const char *id, struct person *out)
{
	*out = (struct person){ .id = id };
	if (!people_admin(rq) && strcmp(id, rq->who->id) != 0)
		return fail(rq->cx, NOT_FOUND, "no user \"%s\"", id);
	return people_find(rq, out, person_in);
}

enum status people_tenant(struct request *rq, const char **out)
{
	const char *tenant = NULL;
	enum status s = json_opt_text(rq->cx, rq->json, "", "tenant_id", &tenant);

	if (!s && !tenant)
		s = json_opt_text(rq->cx, rq->json, "", "tenant-id", &tenant);
	if (s)
		return s;
	if (rq->who->role == ROLE_ROOT && !tenant && !request_header(rq, "x-pangolin-tenant"))
		return fail(rq->cx, INVALID, "the tenant's id is missing");
	if (tenant && !text_is_uuid(tenant))
		return fail(rq->cx, INVALID, "the tenant's id is no UUID: \"%s\"", tenant);
	if (rq->who->role != ROLE_ROOT && tenant && strcmp(tenant, rq->tenant_id) != 0)
		return fail(rq->cx, NOT_FOUND, "no tenant \"%s\"", tenant);
	*out = tenant ? tenant : rq->tenant_id;
	return OK;
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
