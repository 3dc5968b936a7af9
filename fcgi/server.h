/* SPDX-License-Identifier: Apache-2.0 */
/* server.h - the loop of a responder: read, route, authenticate, resolve, allow, handle, answer. */
#ifndef FCGI_SERVER_H
#define FCGI_SERVER_H

#include "fcgi/route.h"

/* What serve() starts up for a family besides store and config. */
enum server_need {
	NEED_CLOUD = 1,
	NEED_CACHE = 2,	       /* keeps metadata texts; without it each is read anew */
	NEED_STORAGE_KEY = 4,  /* opens SECRET columns */
	NEED_IDENTITY_KEY = 8, /* signs tokens */
};

/* Whether the caller may do what the route does, with the path's object and with
 * those that the body names. */
MUST_USE enum status allow(struct request *rq);

/*
 * main() of a responder: serves the tables' routes as FastCGI on descriptor 0,
 * or the one request of a CGI environment, until SIGTERM.  Returns the exit
 * status.
 */
int serve(const char *family, unsigned needs, const struct route_table *const *tables, size_t n);

#endif
