/* SPDX-License-Identifier: Apache-2.0 */
/* cloud.c - the scope of every object read and written, and which cloud does it. */
#include "vending/cloud.h"

#include "common/config.h"
#include "common/text.h"
#include "vending/cloud_impl.h"
#include "vending/http.h"
#include "vending/vault.h"

static const struct cloud_ops *const clouds[] = { &file_cloud, &s3_cloud, &azure_cloud,
						  &google_cloud };

/* file_roots is read at each use; here it must be sound, so that an operator's
 * mistake shows at the start. */
static enum status check_file_roots(struct cx *cx, const char *roots)
{
	char *rest = cx_strdup(cx, roots), *one;

	while (rest && (one = strsep(&rest, ":"))) {
		struct location l;

		if (*one && (*one != '/' || location_parse(cx, one, &l)))
			return fail(cx, INVALID,
				    "PANGOLIN_FILE_ROOTS: \"%s\" is not an absolute path "
				    "without \"..\" and \"//\"",
				    one);
	}
	return OK;
}

struct cloud_limits cloud_limits_of(const struct config *config)
{
	return (struct cloud_limits){ .file_roots = config->file_roots,
				      .object_max_bytes = config->max_metadata_bytes,
				      .ca_file = config->ca_file,
				      .refuse_loopback = config->refuse_loopback,
				      .allow = config->outbound_allow,
				      .trust_warehouses = config->trust_warehouses };
}

enum status cloud_open(struct cx *cx, const struct cloud_limits *limits, struct cloud **out)
{
	enum status s = check_file_roots(cx, limits->file_roots);
	struct vault *vault = limits->vault;

	if (!s && !vault)
		s = vault_open(cx, NULL, NULL, &vault);
	if (s)
		return s;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		abort();
	(*out)->limits = *limits;
	(*out)->vault = vault;
	(*out)->own_vault = !limits->vault;
	return OK;
}

void cloud_close(struct cloud *c)
{
	if (c->http)
		http_close(c->http);
	if (c->own_vault)
		vault_close(c->vault);
	free(c->list_folder);
	free(c->list_after);
	free(c->list_mark);
	free(c);
}

const struct cloud_counts *cloud_counts(const struct cloud *c)
{
	return &c->counts;
}

static struct http_limits limits_of(const struct cloud *c)
{
	return (struct http_limits){ c->limits.ca_file, c->limits.refuse_loopback, c->limits.allow,
				     c->limits.slots };
}

enum status cloud_check_url(struct cx *cx, const struct cloud *c, const char *what, const char *url)
{
	struct http_limits limits = limits_of(c);

	if (!url || http_may_ask(cx, &limits, url))
		return OK;
	return fail(cx, INVALID, "%s: PANGOLIN_OUTBOUND_ALLOW does not name its host", what);
}

void cloud_perform(struct cx *cx, struct cloud *c, struct http_request *requests, size_t n)
{
	struct http_limits limits = limits_of(c);

	if (!c->http)
		c->http = http_open(&limits);
	http_perform(cx, c->http, requests, n);
	c->counts.requests = http_sent(c->http);
}

static enum status ops_of(struct cx *cx, const struct storage *s, const struct cloud_ops **out)
{
	for (size_t i = 0; i < ARRAY_SIZE(clouds); i++)
		if (text_same(clouds[i]->scheme, s->scheme)) {
			*out = clouds[i];
			return OK;
		}
	return fail(cx, UNSUPPORTED, "this server reads and writes no objects on \"%s\" storage",
		    s->scheme);
}

/* Nothing is asked of a cloud before this has passed. */
static enum status begin(struct cx *cx, const struct storage *s, const char *location,
			 const struct cloud_ops **ops, struct location *l)
{
	enum status status = location_parse(cx, location, l);

	if (!status)
		status = storage_covers(cx, s, l);
	if (!status)
		status = ops_of(cx, s, ops);
	return status;
}

enum status cloud_get(struct cx *cx, struct cloud *c, const struct storage *s, const char *location,
		      const char **bytes, size_t *n)
{
	const struct cloud_ops *ops;
	struct location l;
	enum status status = begin(cx, s, location, &ops, &l);

	if (status)
		return status;
	c->counts.gets++;
	return ops->get(cx, c, s, &l, bytes, n);
}

/* Takes back what a failed list of puts left behind; the first failure's message stays. */
static void take_back(struct cx *cx, struct cloud *c, const struct storage *s,
		      const struct cloud_ops *ops, const struct put *puts, size_t n)
{
	char *message = cx_strdup(cx, cx->message);

	for (size_t i = 0; i < n; i++) {
		enum status each;

		if (puts[i].maybe && !ops->remove(cx, c, s, &puts[i].location, 1, &each))
			c->counts.removes++;
	}
	(void)fail(cx, INTERNAL, "%s", message);
}

enum status cloud_put_all(struct cx *cx, struct cloud *c, const struct storage *s,
			  struct cloud_object *objects, size_t n)
{
	struct put *puts = cx_array(cx, n, sizeof(*puts));
	const struct cloud_ops *ops = NULL;
	enum status status;

	for (size_t i = 0; i < n; i++)
		objects[i].sent = false;
	for (size_t i = 0; i < n; i++) {
		status = begin(cx, s, objects[i].location, &ops, &puts[i].location);
		if (status)
			return status;
		puts[i].bytes = objects[i].bytes;
		puts[i].n = objects[i].n;
	}
	if (!n)
		return OK;
	status = ops->put(cx, c, s, puts, n);
	for (size_t i = 0; i < n; i++) {
		c->counts.puts += puts[i].maybe;
		objects[i].sent = puts[i].maybe || puts[i].heard;
	}
	if (status)
		take_back(cx, c, s, ops, puts, n);
	return status;
}

enum status cloud_put(struct cx *cx, struct cloud *c, const struct storage *s, const char *location,
		      const char *bytes, size_t n)
{
	struct cloud_object object = { .location = location, .bytes = bytes, .n = n };

	return cloud_put_all(cx, c, s, &object, 1);
}

/* begin() of each; *ops stays NULL where there are none. */
static enum status begin_all(struct cx *cx, const struct storage *s, const char *const *locations,
			     size_t n, const struct cloud_ops **ops, struct location **at)
{
	enum status status = OK;

	*ops = NULL;
	*at = cx_array(cx, n, sizeof(**at));
	for (size_t i = 0; !status && i < n; i++)
		status = begin(cx, s, locations[i], ops, &(*at)[i]);
	return status;
}

enum status cloud_remove_all(struct cx *cx, struct cloud *c, const struct storage *s,
			     const char *const *locations, size_t n, bool *gone)
{
	enum status *each = cx_array(cx, n, sizeof(*each));
	const struct cloud_ops *ops;
	struct location *at;
	enum status status = begin_all(cx, s, locations, n, &ops, &at);

	for (size_t i = 0; i < n; i++)
		gone[i] = false;
	if (status || !n)
		return status;
	status = ops->remove(cx, c, s, at, n, each);
	for (size_t i = 0; i < n; i++) {
		gone[i] = !each[i] || each[i] == NOT_FOUND;
		c->counts.removes += gone[i];
	}
	return status;
}

enum status cloud_remove(struct cx *cx, struct cloud *c, const struct storage *s,
			 const char *location)
{
	bool gone;

	return cloud_remove_all(cx, c, s, &location, 1, &gone);
}

enum status cloud_stat(struct cx *cx, struct cloud *c, const struct storage *s,
		       const char *location, int64_t *size)
{
	const struct cloud_ops *ops;
	struct location l;
	enum status each, status = begin(cx, s, location, &ops, &l);

	if (!status)
		status = ops->stat(cx, c, s, &l, 1, size, &each);
	return status ? status : each;
}

enum status cloud_stat_all(struct cx *cx, struct cloud *c, const struct storage *s,
			   const char *const *locations, size_t n, enum status *each)
{
	int64_t *sizes = cx_array(cx, n, sizeof(*sizes));
	const struct cloud_ops *ops;
	struct location *at;
	enum status status = begin_all(cx, s, locations, n, &ops, &at);

	return status || !n ? status : ops->stat(cx, c, s, at, n, sizes, each);
}

/* The folder may be the storage's root itself, where no object can be. */
static enum status list_scope(struct cx *cx, const struct storage *s, const char *folder,
			      struct location *l)
{
	struct location root;
	enum status status = location_parse(cx, folder, l);

	if (!status)
		status = location_parse(cx, s->root, &root);
	if (!status && !location_within(l, &root))
		status = storage_covers(cx, s, l);
	return status;
}

enum status cloud_list(struct cx *cx, struct cloud *c, const struct storage *s, const char *folder,
		       const char *after, struct cloud_entry **out, size_t *n, bool *more)
{
	const struct cloud_ops *ops;
	struct location l;
	enum status status = list_scope(cx, s, folder, &l);

	if (!status)
		status = ops_of(cx, s, &ops);
	if (status)
		return status;
	*out = cx_array(cx, LIST_MAX, sizeof(**out));
	*n = 0;
	*more = false;
	if (after && !text_starts(after, cx_printf(cx, "%s/", l.text)))
		return fail(cx, INVALID, "list: \"%s\" is not within \"%s\"", after, l.text);
	return ops->list(cx, c, s, &l, after, *out, n, more);
}
