/* SPDX-License-Identifier: Apache-2.0 */
/* people.h - what the routes of users and of service users share. */
#ifndef FCGI_ADMIN_PEOPLE_H
#define FCGI_ADMIN_PEOPLE_H

#include "common/model.h"
#include "fcgi/admin/admin.h"

/*
 * Runs `find` with the request's tenant, and, for a root who named none, with
 * the server ("") and every tenant until it is not NOT_FOUND: root's clients know
 * a user by its id alone.
 */
MUST_USE enum status people_find(struct request *rq, void *out,
				 enum status (*find)(struct request *rq, const char *tenant_id,
						     void *out));

/* Member "role" as the caller may give it: never root, never above the caller.
 * *out stays where it is absent. */
MUST_USE enum status people_role(struct request *rq, const char **out);

/* A user or a service user. */
struct person {
	const char *tenant_id, *id;
	struct row *row;		   /* of users or service_users, as it was read */
	const struct principal *principal; /* without its grants; ROLE_NONE: not active */
	struct user user;
	struct service_user service;
};

/* By its id, as people_find.  NOT_FOUND: also for who asks about another and is no
 * administrator. */
MUST_USE enum status people_person(struct request *rq, const char *id, struct person *out);

/*
 * The tenant that something is made in: one's own; root names it in the body ("tenant-id",
 * "tenant_id") or by the header.  INVALID: root names none; NOT_FOUND: another's.
 */
MUST_USE enum status people_tenant(struct request *rq, const char **out);

/* True for a root or a tenant's administrator: who else is asked only about itself. */
bool people_admin(const struct request *rq);

#endif
