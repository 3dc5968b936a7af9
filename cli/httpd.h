/* SPDX-License-Identifier: Apache-2.0 */
/* httpd.h - the web server's part of the routing, made from the route tables. */
#ifndef CLI_HTTPD_H
#define CLI_HTTPD_H

#include "common/cx.h"

/*
 * Web servers match the DECODED path, so a namespace may hold anything: {} after
 * "namespaces", "tables" or "views" is `.+`.  Responders of tables and namespaces
 * serve each other's routes; credentials and admin are apart, and no name can
 * be made whose path would match a pattern of theirs.
 */

/* "tables GET /v1/{}/...", a line a route. */
void httpd_list(void);

/* Conditions for lighttpd.conf; `sockets` NULL: the folder is var.sockets. */
MUST_USE enum status httpd_lighttpd(struct cx *cx, const char *sockets);

/* LocationMatch sections for a virtual host. */
MUST_USE enum status httpd_apache(struct cx *cx, const char *sockets);

#endif
