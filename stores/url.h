/* SPDX-License-Identifier: Apache-2.0 */
/* url.h - what a DATABASE_URL of a server must be before its library sees it. */
#ifndef STORES_URL_H
#define STORES_URL_H

#include "common/cx.h"

/*
 * Libraries' messages quote what they could not read, and what follows a stray
 * '@', ':' or '/' in a password is read as a host or a port.  INVALID for such a
 * URL, and for one that is not scheme://...; `like` shows a right one.
 */
MUST_USE enum status url_check(struct cx *cx, const char *url, const char *like);

/* A DATABASE_URL (NULL and "" are "memory:") that url_check takes, as people may see it: *** for
 * the user and password, and nothing of the options, where libraries take passwords as well. */
const char *url_shown(struct cx *cx, const char *url) __attribute__((returns_nonnull));

#endif
