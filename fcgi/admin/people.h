/* SPDX-License-Identifier: Apache-2.0 */
/* people.h - what the routes of users and of service users share. */
#ifndef FCGI_ADMIN_PEOPLE_H
#define FCGI_ADMIN_PEOPLE_H

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

/* True for a root or a tenant's administrator: who else is asked only about itself. */
bool people_admin(const struct request *rq);

#endif
