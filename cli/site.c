/* SPDX-License-Identifier: Apache-2.0 */
/* site.c - the store and the warehouses' files together. */
#include "cli/site.h"

#include "common/default_storage.h"
#include "common/text.h"

enum status site_open(struct cli *c, struct site *s)
{
	struct cloud_limits limits = cloud_limits_of(c->config);
	enum status r = cli_store(c, false);

	*s = (struct site){ .c = c, .rs = { .family = "cli", .config = c->config } };
	if (r)
		return r;
	s->rs.store = c->store;
	s->rs.content = content_open();
	if (c->config->default_storage) {
		r = default_storage_read(c->cx, c->config->default_storage, &s->fallback);
		if (r)
			return r;
		c->store->fallback = &s->fallback;
	}
	r = cloud_open(c->cx, &limits, &s->rs.cloud);
	return r ? r : cache_open(c->cx, NULL, 0, &s->rs.cache);
}

void site_close(struct site *s)
{
	content_close(s->rs.content);
	if (s->rs.cloud)
		cloud_close(s->rs.cloud);
	if (s->rs.cache)
		cache_close(s->rs.cache);
}

struct request site_request(struct site *s, struct cx *cx)
{
	cx->deadline_ms = cx_monotonic_ms() + SITE_TIMEOUT_MS;
	return (struct request){ .cx = cx, .rs = &s->rs };
}

bool site_is_metadata(const char *location)
{
	return text_ends(location, ".metadata.json") || text_ends(location, ".metadata.json.gz");
}

static int64_t number_of(const char *location)
{
	const char *name = strrchr(location, '/');

	name = name ? name + 1 : location;
	return strtoll(*name == 'v' ? name + 1 : name, NULL, 10);
}

bool site_is_newer(const struct cloud_entry *a, const struct cloud_entry *b)
{
	int64_t x = number_of(a->location), y = number_of(b->location);

	if (x != y)
		return x > y;
	if (a->modified_ms != b->modified_ms)
		return a->modified_ms > b->modified_ms;
	return strcmp(a->location, b->location) > 0;
}
