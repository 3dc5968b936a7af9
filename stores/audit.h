/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - the record of a change, which rides in the change's own list. */
#ifndef STORES_AUDIT_H
#define STORES_AUDIT_H

#include "common/model.h"

/*
 * A new record of a success, now.  Who and from where are `by`'s (user_id,
 * username, ip_address, user_agent; NULL = the operator on the machine).  Action
 * and type are words that clients filter by ("create_catalog", "catalog").
 * Put it into the list as { INSERT, &record->row }.
 */
struct audit *audit_new(struct cx *cx, const struct audit *by, const char *tenant_id,
			const char *action, const char *type, const char *id, const char *name)
	__attribute__((returns_nonnull));

#endif
