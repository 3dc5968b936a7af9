/* SPDX-License-Identifier: Apache-2.0 */
/* site.h - the store and the warehouses' files together, as commands that look at both need them. */
#ifndef CLI_SITE_H
#define CLI_SITE_H

#include "cli/cli.h"
#include "fcgi/tables/text.h"
#include "stores/content.h"

#define SITE_TIMEOUT_MS 60000 /* of a step: what is done for one row, or one page of rows */

struct site {
	struct cli *c;
	struct responder rs;	   /* what fcgi/tables asks of a process: store, cloud, content */
	struct warehouse fallback; /* PANGOLIN_DEFAULT_STORAGE: the store points here */
};

/* Opens the store and the warehouses; the settings are those of the responders. */
MUST_USE enum status site_open(struct cli *c, struct site *s);
void site_close(struct site *s);

/* A request of nobody's, for what fcgi/tables does with metadata; sets cx's deadline. */
struct request site_request(struct site *s, struct cx *cx);

/* The file of a metadata text under `folder` that was written last, "v3.metadata.json" or
 * "00003-<uuid>.metadata.json", also gzip'd: the greater number, then the later time, then the
 * later name. */
bool site_is_metadata(const char *location);
bool site_is_newer(const struct cloud_entry *a, const struct cloud_entry *b);

#endif
