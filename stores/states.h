/* SPDX-License-Identifier: Apache-2.0 */
/* states.h - what a place of the map shows, apart from where it stands: kept, compared, put back. */
#ifndef STORES_STATES_H
#define STORES_STATES_H

#include "common/json.h"
#include "common/model.h"

/*
 * A state is an asset row without its key, born and updated_ms.  As JSON it is an
 * object with the row's column names; columns that are NULL or 0 are left out.
 */

/* NULL for NULL. */
struct json_object *state_json(struct cx *cx, const struct asset *row);

/* A row of that state; its key is not set.  NULL for NULL.  Text is copied. */
struct asset *state_asset(struct cx *cx, struct json_object *state);

/* The same from text; NULL is nothing.  INTERNAL: it does not read. */
MUST_USE enum status state_parse(struct cx *cx, const char *text, struct asset **out);

/* True where both are the same asset, showing the same: both NULL, or one id, type, metadata
 * file, location and properties. */
bool state_same(const struct asset *a, const struct asset *b);

/* One text for a place's two key columns: for maps. */
const char *state_key(struct cx *cx, const char *namespace, const char *name);

/* A copy that edit_put may be given. */
struct asset *state_copy(struct cx *cx, const struct asset *row) __attribute__((returns_nonnull));

#endif
