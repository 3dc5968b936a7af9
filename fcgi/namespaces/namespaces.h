/* SPDX-License-Identifier: Apache-2.0 */
/* namespaces.h - the handlers of /v1/config and of namespaces.
 * Source: the REST catalog's OpenAPI document. */
#ifndef FCGI_NAMESPACES_NAMESPACES_H
#define FCGI_NAMESPACES_NAMESPACES_H

#include "fcgi/resolve.h"

enum status get_config(struct request *rq);
enum status get_prefix_config(struct request *rq);

enum status list_namespaces(struct request *rq);
enum status create_namespace(struct request *rq);
enum status load_namespace(struct request *rq);
enum status head_namespace(struct request *rq);
enum status drop_namespace(struct request *rq);
enum status update_namespace(struct request *rq);

enum status replay_create_namespace(struct request *rq);
enum status replay_update_namespace(struct request *rq);

/* Objects that the query or the body names: the parent. */
enum status list_namespaces_objects(struct request *rq,
				    enum status (*visit)(struct request *, enum action,
							 const struct object *));
enum status create_namespace_objects(struct request *rq,
				     enum status (*visit)(struct request *, enum action,
							  const struct object *));

#endif
