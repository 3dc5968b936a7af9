/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filter_shape.h - is it a filter at all?  Without a schema, so that names and values may be anything.
 * Source: the REST catalog's OpenAPI document: Predicate, and what it is made of.
 */
#ifndef COMMON_ICEBERG_FILTER_SHAPE_H
#define COMMON_ICEBERG_FILTER_SHAPE_H

#include "common/json.h"

/*
 * INVALID unless v has the shape of a Predicate; the message begins with `where`.  Goes as deep
 * as v does: whoever parsed it bounded that.
 */
MUST_USE enum status filter_shape_check(struct cx *cx, struct json_object *v, const char *where);

#endif
