/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c - what every subcommand needs: flags, the store, lines of output. */
#include "cli/cli.h"

#include <unistd.h>

#include "common/text.h"

#define TENANTS 1000 /* read at a time */

const char *cli_flag(const struct cli *c, const char *name)
{
	for (size_t i = 0; i < c->command->n_flags; i++)
		if (strcmp(c->command->flags[i].name, name) == 0)
			return c->values[i];
	return NULL;
}

enum status cli_need(struct cli *c, const char *name, const char **out)
{
	*out = cli_flag(c, name);
	return *out && **out ? OK : fail(c->cx, INVALID, "--%s is needed", name);
}

enum status cli_number(struct cli *c, const char *name, int64_t min, int64_t max, int64_t *out)
{
	const char *text = cli_flag(c, name);

	if (!text)
		return OK;
	if (!text_int(text, out) || *out < min || *out > max)
		return fail(c->cx, INVALID, "--%s is no number from %lld to %lld: \"%s\"", name,
			    (long long)min, (long long)max, text);
	return OK;
}

enum status cli_key_path(struct cli *c, const char *name, const char **out)
{
	if (!c->config->keys_dir)
		return fail(c->cx, INVALID,
			    "PANGOLIN_KEYS_DIR is not set: where are the keys kept?");
	*out = cx_printf(c->cx, "%s/%s", c->config->keys_dir, name);
	return OK;
}

const char *cli_storage_key(const struct cli *c)
{
	const char *key;

	if (c->config->storage_key)
		return "$PANGOLIN_STORAGE_KEY";
	if (!c->config->keys_dir)
		return NULL;
	key = cx_printf(c->cx, "%s/storage.key", c->config->keys_dir);
	return access(key, F_OK) ? NULL : key;
}

enum status cli_store(struct cli *c, bool migrating)
{
	return store_open(c->cx, c->config->database_url, cli_storage_key(c), migrating, &c->store);
}

static void say(const char *fmt, va_list ap)
{
	vprintf(fmt, ap);
	putchar('\n');
}

void cli_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void cli_note(const struct cli *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

static enum status run_tenant(struct cx *outer, cli_tenant_fn *run, void *arg,
			      const char *tenant_id)
{
	struct cx cx = { 0 };
	enum status s = run(arg, &cx, tenant_id);

	if (s)
		fail(outer, s, "%s", cx.message);
	cx_free(&cx);
	return s;
}

enum status cli_each_tenant(struct cx *cx, struct store *st, cli_tenant_fn *run, void *arg)
{
	struct tenant from = { .row = ROW(tenant) };
	struct query q = { .from = &from.row, .limit = TENANTS };
	struct rows page;
	enum status s = run_tenant(cx, run, arg, "");

	do {
		struct tenant *t;

		if (!s)
			s = store_list(cx, st, &q, &page);
		if (s)
			return s;
		t = page.items;
		for (size_t i = 0; !s && i < page.n; i++, t++) {
			s = run_tenant(cx, run, arg, t->tenant_id);
			q.after = &t->row;
		}
	} while (!s && page.n == TENANTS);
	return s;
}
