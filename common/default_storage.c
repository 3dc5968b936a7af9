/* SPDX-License-Identifier: Apache-2.0 */
/* default_storage.c - reads the operator's warehouse and cuts it into tenants' folders. */
#include "common/default_storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/location.h"

#define FILE_MAX ((size_t)64 << 10)
#define DEPTH 16

static enum status read_file(struct cx *cx, const char *path, const char **text, size_t *n)
{
	char *bytes = cx_alloc(cx, FILE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t got;

	if (fd < 0)
		return fail(cx, INVALID, "PANGOLIN_DEFAULT_STORAGE: %s: %s", path, strerror(errno));
	got = fstat(fd, &st) || st.st_mode & 022 ? -1 : read(fd, bytes, FILE_MAX);
	close(fd);
	if (got <= 0)
		return fail(cx, INVALID,
			    "PANGOLIN_DEFAULT_STORAGE: %s is empty, or others may write it", path);
	*text = bytes;
	*n = (size_t)got;
	return OK;
}

enum status default_storage_read(struct cx *cx, const char *path, struct warehouse *out)
{
	struct json_object *o, *config = NULL;
	const char *text = "", *location = NULL;
	size_t n = 0;
	enum status s = read_file(cx, path, &text, &n);

	*out = (struct warehouse){
		.row = ROW(warehouse), .tenant_id = "", .name = "", .id = "default"
	};
	if (!s)
		s = json_parse(cx, text, n, DEPTH, &o);
	if (!s && !json_object_is_type(o, json_type_object))
		s = fail(cx, INVALID, "no JSON object");
	if (!s)
		s = json_get_object(cx, o, "", "storage_config", &config);
	if (!s)
		s = json_get_text(cx, config, "storage_config", "location", &location);
	if (!s)
		s = json_opt_bool(cx, o, "", "use_sts", &out->use_sts);
	if (s)
		return fail(cx, INVALID, "PANGOLIN_DEFAULT_STORAGE: %s: %s", path,
			    cx_strdup(cx, cx->message));
	out->storage_config = json_print(cx, config, NULL);
	if (json_member(o, "vending_strategy"))
		out->vending_strategy = json_print(cx, json_member(o, "vending_strategy"), NULL);
	return OK;
}

struct warehouse *default_storage_of(struct cx *cx, const struct warehouse *whole,
				     const char *tenant_id)
{
	struct warehouse *out = CX_NEW(cx, struct warehouse);
	struct json_object *config;

	*out = *whole;
	out->row.version = 1;
	out->tenant_id = tenant_id;
	/* it was read before */
	if (json_parse(cx, whole->storage_config, strlen(whole->storage_config), DEPTH, &config))
		abort();
	json_set_text(config, "location",
		      location_join(cx, json_text(config, "location"), tenant_id));
	out->storage_config = json_print(cx, config, NULL);
	return out;
}
