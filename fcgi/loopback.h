/* SPDX-License-Identifier: Apache-2.0 */
/* loopback.h - whether a request comes from this very machine: no-auth mode's fence. */
#ifndef FCGI_LOOPBACK_H
#define FCGI_LOOPBACK_H

#include "fcgi/http.h"

/*
 * DENIED unless all of these say loopback, where they say anything: the peer's address;
 * every address a proxy says it forwards for; the Host it was sent to and the Origin
 * of the page that sent it (a page from elsewhere, open in a browser here, comes from
 * elsewhere).  The web server binds, not we: so each request is asked, not the start.
 */
MUST_USE enum status loopback_check(struct request *rq);

#endif
