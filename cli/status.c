/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - pangolin status. */
#include <unistd.h>

#include "cli/cli.h"
#include "common/json.h"
#include "stores/url.h"

#define PAGE 10000

/* What an operator thinks in; rows of content are too many to count each time. */
static const struct {
	const struct kind *kind;
	const char *name;
} counted[] = {
	{ &kind_warehouse, "warehouses" },
	{ &kind_catalog, "catalogs" },
	{ &kind_user, "users" },
	{ &kind_service_user, "service_users" },
};

/* Rows that equal `from` in their first key columns; each() may be NULL. */
static enum status count(struct cli *c, const struct row *from, size_t bound, int64_t *n,
			 enum status (*each)(struct cli *c, const void *item, void *arg), void *arg)
{
	struct query q = { .from = from, .bound = bound, .limit = PAGE };
	struct rows page;
	enum status s;

	do {
		s = store_list(c->cx, c->store, &q, &page);
		for (size_t i = 0; !s && i < page.n; i++) {
			q.after = (const void *)((const char *)page.items + i * from->kind->size);
			(*n)++;
			if (each)
				s = each(c, q.after, arg);
		}
	} while (!s && page.n == PAGE);
	return s;
}

static enum status count_tenant(struct cli *c, const void *item, void *arg)
{
	const struct tenant *t = item;
	int64_t *numbers = arg;
	enum status s = OK;

	for (size_t i = 0; !s && i < ARRAY_SIZE(counted); i++) {
		struct row *from = cx_alloc(c->cx, counted[i].kind->size);

		from->kind = counted[i].kind;
		model_set_text(from, &from->kind->columns[0], t->tenant_id);
		s = count(c, from, 1, &numbers[i], NULL, NULL);
	}
	return s;
}

static enum status count_failed(struct cli *c, const void *item, void *arg)
{
	const struct job *j = item;
	int64_t *failed = arg;

	(void)c;
	if (j->error)
		(*failed)++;
	return OK;
}

static enum status count_all(struct cli *c, struct json_object *o)
{
	struct tenant tenants = { .row = ROW(tenant) };
	struct job jobs = { .row = ROW(job) };
	int64_t numbers[ARRAY_SIZE(counted)] = { 0 }, n = 0, n_jobs = 0, failed = 0;
	enum status s = count(c, &tenants.row, 0, &n, count_tenant, numbers);

	if (!s)
		s = count(c, &jobs.row, 0, &n_jobs, count_failed, &failed);
	json_set_int(o, "tenants", n);
	for (size_t i = 0; i < ARRAY_SIZE(counted); i++)
		json_set_int(o, counted[i].name, numbers[i]);
	json_set_int(o, "jobs", n_jobs);
	json_set_int(o, "jobs_failed", failed);
	return s;
}

static bool has_key(struct cli *c, const char *name)
{
	const char *path;

	return !cli_key_path(c, name, &path) && access(path, R_OK) == 0;
}

static void print_line(const char *key, struct json_object *v)
{
	printf("%-16s %s\n", key, v ? json_object_get_string(v) : "");
}

static void print_warnings(struct cli *c)
{
	if (c->config->no_auth)
		cli_say("warning: authentication is OFF: everyone who can reach the server "
			"administers the default tenant");
	if (store_is_ephemeral(c->store))
		cli_say("warning: the store is in memory: everything is lost when the machine "
			"stops");
	if (!has_key(c, "identity.pem") || !has_key(c, "storage.key"))
		cli_say("warning: keys are missing or can't be read here: `pangolin keys init`");
}

enum status run_status(struct cli *c)
{
	struct json_object *o = json_new_object(c->cx);
	enum status s = cli_store(c, false);

	if (s)
		return s;
	json_set_text(o, "store", url_shown(c->cx, c->config->database_url));
	json_set_int(o, "schema", store_program());
	json_set_bool(o, "ephemeral", store_is_ephemeral(c->store));
	json_set_bool(o, "no_auth", c->config->no_auth);
	json_set_bool(o, "identity_key", has_key(c, "identity.pem"));
	json_set_bool(o, "storage_key", has_key(c, "storage.key"));
	s = count_all(c, o);
	if (s)
		return s;
	if (cli_flag(c, "json")) {
		cli_say("%s", json_print(c->cx, o, NULL));
		return OK;
	}
	json_object_object_foreach(o, key, v)
		print_line(key, v);
	print_warnings(c);
	return OK;
}
