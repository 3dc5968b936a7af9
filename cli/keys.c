/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c - pangolin keys init, rotate, list. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "common/jwt.h"
#include "common/seal.h"

#define STORAGE_KEY "storage.key"

/* The folder, made where it is missing: its keys are read by the responders' user alone. */
static enum status keys_folder(struct cli *c, const char **out)
{
	struct stat st;

	*out = c->config->keys_dir;
	if (!*out)
		return fail(c->cx, INVALID,
			    "PANGOLIN_KEYS_DIR is not set: where are the keys kept?");
	if (mkdir(*out, 0750) && errno != EEXIST)
		return fail(c->cx, INVALID, "%s: %s", *out, strerror(errno));
	if (stat(*out, &st) || !S_ISDIR(st.st_mode))
		return fail(c->cx, INVALID, "%s is no folder", *out);
	if (st.st_mode & 022)
		return fail(c->cx, INVALID, "%s: others may write here: chmod go-w", *out);
	return OK;
}

static bool is_there(struct cli *c, const char *folder, const char *name)
{
	return access(cx_printf(c->cx, "%s/%s", folder, name), F_OK) == 0;
}

static enum status add_storage_key(struct cli *c, const char *folder)
{
	return seal_add_key(c->cx, cx_printf(c->cx, "%s/%s", folder, STORAGE_KEY));
}

enum status run_keys_init(struct cli *c)
{
	const char *folder;
	enum status s = keys_folder(c, &folder);

	if (s)
		return s;
	s = jwt_keys_create(c->cx, folder, false);
	if (s == EXISTS)
		cli_note(c, "%s/%s is there already", folder, JWT_PRIVATE_FILE);
	else if (s)
		return s;
	else
		cli_note(c, "made %s/%s and %s", folder, JWT_PRIVATE_FILE, JWT_PUBLIC_FILE);
	if (is_there(c, folder, STORAGE_KEY)) {
		cli_note(c, "%s/%s is there already", folder, STORAGE_KEY);
		return OK;
	}
	s = add_storage_key(c, folder);
	if (!s)
		cli_note(c, "made %s/%s", folder, STORAGE_KEY);
	return s;
}

enum status run_keys_rotate(struct cli *c)
{
	const char *ring = c->n_args ? c->args[0] : NULL, *folder;
	bool identity = !ring || strcmp(ring, "identity") == 0;
	bool storage = !ring || strcmp(ring, "storage") == 0;
	enum status s = keys_folder(c, &folder);

	if (!s && !identity && !storage)
		s = fail(c->cx, INVALID, "neither identity nor storage: \"%s\"", ring);
	if (!s && !is_there(c, folder, JWT_PRIVATE_FILE))
		s = fail(c->cx, INVALID, "there are no keys yet: `pangolin keys init`");
	if (!s && identity)
		s = jwt_keys_create(c->cx, folder, true);
	if (!s && storage)
		s = add_storage_key(c, folder);
	if (!s)
		cli_note(c, "what is new signs and seals from now on; no restart is needed");
	return s;
}

/* --- list ------------------------------------------------------------------- */

static enum status list_identity(struct cli *c, const char *folder)
{
	const char *path = cx_printf(c->cx, "%s/%s", folder, JWT_PUBLIC_FILE);
	struct json_object *keys;
	struct jwt_keys *ring;
	enum status s = jwt_keys_read(c->cx, path, &ring);

	if (s)
		return s;
	keys = json_member(jwt_keys_json(c->cx, ring), "keys");
	for (size_t i = 0; i < json_object_array_length(keys); i++)
		cli_say("%-9s %s  %s", "identity",
			json_text(json_object_array_get_idx(keys, i), "kid"),
			i == 0 ? "signs and verifies" : "verifies");
	return OK;
}

/* A line is "<id> <key>": only the id is shown.  The last one seals. */
static enum status list_storage(struct cli *c, const char *folder)
{
	const char *path = cx_printf(c->cx, "%s/%s", folder, STORAGE_KEY);
	FILE *f = fopen(path, "re");
	char line[256], last[64] = "";

	if (!f)
		return fail(c->cx, INVALID, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		size_t n = strcspn(line, " \t\r\n");

		if (!n || *line == '#' || n >= sizeof(last))
			continue;
		if (*last)
			cli_say("%-9s %s  opens", "storage", last);
		snprintf(last, sizeof(last), "%.*s", (int)n, line);
	}
	explicit_bzero(line, sizeof(line));
	fclose(f);
	if (*last)
		cli_say("%-9s %s  seals and opens", "storage", last);
	return OK;
}

enum status run_keys_list(struct cli *c)
{
	const char *folder;
	enum status s = keys_folder(c, &folder);

	if (!s)
		s = list_identity(c, folder);
	return s ? s : list_storage(c, folder);
}
