/* SPDX-License-Identifier: Apache-2.0 */
/* mail.h - sends the letter of a "mail" job. */
#ifndef CLI_MAIL_H
#define CLI_MAIL_H

#include "common/json.h"
#include "stores/store.h"
#include "vending/smtp.h"

#define MAIL_SILENT 16 /* tenants */
#define MAIL_SILENT_MS 60000

/* Tenants whose mail server did not take a letter just now: their others wait a while, so that a
 * silent server holds up a worker once and not for each of its letters.  Ready when zeroed. */
struct mail_silence {
	struct {
		char tenant_id[37];
		int64_t until_ms; /* CLOCK_MONOTONIC */
	} of[MAIL_SILENT];
	size_t next;
};

/*
 * OK: it was handed to the tenant's mail server, or there is nothing to send any more: what it
 * was about is gone, the tenant names no mail server now, or the job is older than
 * MAIL_GIVE_UP_MS (which is logged).  Else it is to be tried again later.
 */
#define MAIL_GIVE_UP_MS (5 * INT64_C(86400000))
MUST_USE enum status mail_run(struct cx *cx, struct store *st, const struct http_limits *limits,
			      struct mail_silence *silence, const char *url, const struct job *job,
			      struct json_object *payload);

#endif
