/* SPDX-License-Identifier: Apache-2.0 */
/* memory.c - the memory store: a SQLite file in a private folder on tmpfs. */
#include <errno.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/text.h"
#include "stores/sqlite.h"

/* memory:/folder, or memory:NAME: a file of that name in the user's default folder. */
static enum status read_url(struct cx *cx, const char *url, char **folder, char **file)
{
	const char *name = url + strlen("memory:");

	if (*name == '/') {
		*folder = cx_strdup(cx, name);
		*file = cx_printf(cx, "%s/pangolin.db", name);
		return OK;
	}
	if (strpbrk(name, "/?#") || *name == '.')
		return fail(cx, INVALID,
			    "DATABASE_URL is neither memory:/folder/on/tmpfs nor memory:NAME");
	*folder = cx_printf(cx, "/dev/shm/pangolin-%u", geteuid());
	*file = cx_printf(cx, "%s/%s.db", *folder, *name ? name : "pangolin");
	return OK;
}

/*
 * /dev/shm is everybody's: a folder there is good only when it is ours.  One
 * that the operator chose may be a group's.
 */
static enum status check_folder(struct cx *cx, const char *folder, bool chosen)
{
	struct statfs fs;
	struct stat st;

	if (mkdir(folder, 0700) && errno != EEXIST)
		return fail(cx, UNAVAILABLE, "cannot make folder %s: %s", folder, strerror(errno));
	if (lstat(folder, &st) || statfs(folder, &fs))
		return fail(cx, UNAVAILABLE, "cannot read folder %s: %s", folder, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(cx, INVALID, "%s is not a folder", folder);
	if (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
		return fail(cx, INVALID,
			    "folder %s is not on tmpfs: the memory store keeps nothing on disk",
			    folder);
	if (st.st_mode & 07)
		return fail(cx, INVALID,
			    "folder %s is open to everybody (mode %04o): allow no more than 0770",
			    folder, st.st_mode & 07777);
	if (st.st_uid != geteuid() && !(chosen && st.st_mode & 020))
		return fail(cx, INVALID, "folder %s belongs to another user", folder);
	return OK;
}

static enum status memory_open(struct cx *cx, const char *url, bool migrating, struct store **out)
{
	unsigned flags = FILE_MAKE | FILE_NO_SYNC | (migrating ? FILE_UNCHECKED : 0);
	char *folder = NULL, *file = NULL;
	enum status s = read_url(cx, url, &folder, &file);

	if (!s)
		s = check_folder(cx, folder, url[strlen("memory:")] == '/');
	if (!s)
		s = sqlite_open_file(cx, file, flags, &memory_store, out);
	if (!s)
		(*out)->ephemeral = true;
	return s;
}

const struct store_ops memory_store = {
	.open = memory_open,
	.close = sqlite_close,
	.migrate = sqlite_migrate,
	.get = sqlite_get,
	.list = sqlite_list,
	.apply = sqlite_apply,
	.hold = sqlite_hold,
	.backup = sqlite_backup,
};
