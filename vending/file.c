/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - objects as files: confined to the operator's folders, created once, durable. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/text.h"
#include "vending/cloud_impl.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define DEPTH_MAX 64

/* A failed call's errno as a status.  What the path is made of is the client's,
 * what the disk says is not. */
static enum status failed(struct cx *cx, const char *verb, const char *location)
{
	int e = errno;
	enum status s = UNAVAILABLE;

	if (e == ENOENT || e == ENOTDIR || e == EISDIR)
		s = NOT_FOUND;
	else if (e == ELOOP || e == EXDEV || e == ENAMETOOLONG)
		s = INVALID;
	else if (e == EACCES || e == EPERM || e == EROFS)
		s = DENIED;
	return fail(cx, s, "can't %s \"%s\": %s", verb, location,
		    e == ELOOP || e == EXDEV ? "a symbolic link in its path" : strerror(e));
}

/* Does this folder, without a slash at its end, hold `path`?  "" is "/". */
static bool holds(const char *root, const char *path)
{
	return text_starts(path, root) && path[strlen(root)] == '/';
}

/* Opens the operator's folder that holds `path`; *rest is the path below it. */
static enum status open_root(struct cx *cx, struct cloud *c, const char *path, int *fd,
			     const char **rest)
{
	char *roots = cx_strdup(cx, c->limits.file_roots), *root;

	while (roots && (root = strsep(&roots, ":"))) {
		bool absolute = *root == '/'; /* an empty entry is no folder at all */

		for (size_t n = strlen(root); n && root[n - 1] == '/';)
			root[--n] = '\0';
		if (!absolute || !holds(root, path))
			continue;
		*rest = path + strlen(root) + 1;
		*fd = open(*root ? root : "/", FOLDER_FLAGS);
		if (*fd < 0)
			return fail(cx, UNAVAILABLE, "PANGOLIN_FILE_ROOTS: can't open \"%s\": %s",
				    root, strerror(errno));
		return OK;
	}
	return fail(cx, DENIED,
		    "\"%s\" is in none of the folders this server may use "
		    "(PANGOLIN_FILE_ROOTS)",
		    path);
}

static int sync_fd(struct cloud *c, int fd)
{
	c->counts.fsyncs++;
	return fsync(fd);
}

/* A folder that was seen missing: whoever made it, its name must be durable
 * before what will be in it counts as written. */
static int make_folder(struct cloud *c, int at, const char *name)
{
	if (mkdirat(at, name, 0777) && errno != EEXIST)
		return -1;
	return sync_fd(c, at);
}

/* Segment by segment, following no link.  Takes `at` over; -1 and errno. */
static int walk(struct cx *cx, struct cloud *c, int at, const char *path, bool make)
{
	char *rest = cx_strdup(cx, path), *name;

	while ((name = strsep(&rest, "/"))) {
		int next = openat(at, name, FOLDER_FLAGS | O_NOFOLLOW), e;

		if (next < 0 && errno == ENOENT && make && !make_folder(c, at, name))
			next = openat(at, name, FOLDER_FLAGS | O_NOFOLLOW);
		e = errno;
		close(at);
		if (next < 0) {
			errno = e;
			return -1;
		}
		at = next;
	}
	return at;
}

/* Opens a folder below `at`, which is taken over: at once where the kernel can,
 * else by walking.  -1 and errno. */
static int open_below(struct cx *cx, struct cloud *c, int at, const char *path, bool make)
{
	struct open_how how = { .flags = FOLDER_FLAGS,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	int fd, e;

	if (!*path)
		return at;
	fd = (int)syscall(SYS_openat2, at, path, &how, sizeof(how));
	if (fd < 0 && ((errno == ENOENT && make) || errno == ENOSYS || errno == EPERM))
		return walk(cx, c, at, path, make);
	e = errno;
	close(at);
	errno = e;
	return fd;
}

/* Opens the folder a file is in; *name is the file's name in it. */
static enum status open_parent(struct cx *cx, struct cloud *c, const struct location *l, bool make,
			       int *fd, const char **name)
{
	const char *rest, *slash;
	enum status s = open_root(cx, c, l->path, fd, &rest);

	if (s)
		return s;
	slash = strrchr(rest, '/');
	*name = slash ? slash + 1 : rest;
	*fd = open_below(cx, c, *fd, cx_strndup(cx, rest, slash ? (size_t)(slash - rest) : 0),
			 make);
	return *fd < 0 ? failed(cx, make ? "make the folder of" : "open", l->text) : OK;
}

static int read_all(int fd, char *to, size_t n)
{
	while (n) {
		ssize_t got = read(fd, to, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got) {
			errno = EIO; /* it was cut while we read */
			return -1;
		}
		to += got;
		n -= (size_t)got;
	}
	return 0;
}

static int write_all(int fd, const char *from, size_t n)
{
	while (n) {
		ssize_t put = write(fd, from, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		from += put;
		n -= (size_t)put;
	}
	return 0;
}

static enum status read_file(struct cx *cx, struct cloud *c, int fd, const struct location *l,
			     const char **bytes, size_t *n)
{
	struct stat st;
	char *text;

	if (fstat(fd, &st))
		return failed(cx, "read", l->text);
	if (!S_ISREG(st.st_mode))
		return fail(cx, NOT_FOUND, "\"%s\" is not a file", l->text);
	if (st.st_size > c->limits.object_max_bytes)
		return fail(cx, TOO_LARGE, "\"%s\" is larger than %lld bytes", l->text,
			    (long long)c->limits.object_max_bytes);
	text = cx_alloc(cx, (size_t)st.st_size + 1);
	if (read_all(fd, text, (size_t)st.st_size))
		return failed(cx, "read", l->text);
	*bytes = text;
	*n = (size_t)st.st_size;
	return OK;
}

static enum status file_get(struct cx *cx, struct cloud *c, const struct storage *st,
			    const struct location *l, const char **bytes, size_t *n)
{
	const char *name;
	int folder, fd;
	enum status s = open_parent(cx, c, l, false, &folder, &name);

	(void)st;
	if (s)
		return s;
	fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		s = failed(cx, "open", l->text);
	close(folder);
	if (s)
		return s;
	s = read_file(cx, c, fd, l, bytes, n);
	close(fd);
	return s;
}

/* --- putting: the files of a list take each step together ----------------------- */

#define BATCH 64 /* files at once: each holds two descriptors */

/* A file on its way. */
struct writing {
	struct put *put;
	int folder, fd; /* -1 = not open */
	const char *name, *temporary;
	bool left; /* the temporary name is there */
};

/* The whole text under a name nobody looks for; the disk may begin with it. */
static enum status write_temporary(struct cx *cx, struct cloud *c, struct writing *w)
{
	const char *location = w->put->location.text;
	enum status s = open_parent(cx, c, &w->put->location, true, &w->folder, &w->name);

	if (s == NOT_FOUND)
		return fail(cx, INVALID,
			    "can't write \"%s\": a file stands where a folder is needed", location);
	if (s)
		return s;
	w->temporary = cx_printf(cx, ".%s.tmp", text_uuid4(cx));
	w->fd = openat(w->folder, w->temporary,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	w->left = w->fd >= 0;
	if (w->fd < 0 || write_all(w->fd, w->put->bytes, w->put->n))
		return failed(cx, "write", location);
	(void)sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return OK;
}

/* The first of a list makes the disk's journal durable; the others find it done. */
static enum status sync_text(struct cx *cx, struct cloud *c, struct writing *w)
{
	return sync_fd(c, w->fd) ? failed(cx, "write", w->put->location.text) : OK;
}

/* link() creates or fails, on every file system that has it. */
static enum status publish(struct cx *cx, struct cloud *c, struct writing *w)
{
	const char *location = w->put->location.text;

	(void)c;
	if (linkat(w->folder, w->temporary, w->folder, w->name, 0))
		return errno == EEXIST ? fail(cx, EXISTS, "\"%s\" is there already", location)
				       : failed(cx, "write", location);
	w->put->maybe = true;
	unlinkat(w->folder, w->temporary, 0);
	w->left = false;
	return OK;
}

static enum status sync_folder(struct cx *cx, struct cloud *c, struct writing *w)
{
	return sync_fd(c, w->folder) ? failed(cx, "write", w->put->location.text) : OK;
}

static void end_writing(struct writing *w)
{
	if (w->left)
		unlinkat(w->folder, w->temporary, 0);
	if (w->fd >= 0)
		close(w->fd);
	if (w->folder >= 0)
		close(w->folder);
}

static enum status put_batch(struct cx *cx, struct cloud *c, struct put *puts, size_t n)
{
	static enum status (*const steps[])(struct cx *, struct cloud *,
					    struct writing *) = { write_temporary, sync_text,
								  publish, sync_folder };
	struct writing w[BATCH];
	enum status s = OK;

	for (size_t i = 0; i < n; i++)
		w[i] = (struct writing){ .put = &puts[i], .folder = -1, .fd = -1 };
	for (size_t k = 0; k < ARRAY_SIZE(steps); k++)
		for (size_t i = 0; !s && i < n; i++)
			s = steps[k](cx, c, &w[i]);
	for (size_t i = 0; i < n; i++)
		end_writing(&w[i]);
	/* A folder that went away under us is no missing object. */
	return s == NOT_FOUND ? UNAVAILABLE : s;
}

static enum status file_put(struct cx *cx, struct cloud *c, const struct storage *st,
			    struct put *puts, size_t n)
{
	enum status s = OK;

	(void)st;
	for (size_t i = 0; !s && i < n; i += BATCH)
		s = put_batch(cx, c, puts + i, n - i < BATCH ? n - i : BATCH);
	return s;
}

/* --- the other slots --------------------------------------------------------------- */

/* The first failure but NOT_FOUND; its message is kept while the others are tried. */
struct first {
	enum status status;
	const char *message;
};

static void first_note(struct cx *cx, struct first *f, enum status status)
{
	if (!status || status == NOT_FOUND || f->status)
		return;
	f->status = status;
	f->message = cx_strdup(cx, cx->message);
}

static enum status first_said(struct cx *cx, const struct first *f)
{
	return f->status ? fail(cx, f->status, "%s", f->message) : OK;
}

static enum status remove_one(struct cx *cx, struct cloud *c, const struct location *l)
{
	const char *name;
	int folder;
	enum status s = open_parent(cx, c, l, false, &folder, &name);

	if (s)
		return s;
	if (unlinkat(folder, name, 0))
		s = failed(cx, "remove", l->text);
	close(folder);
	return s;
}

static enum status file_remove(struct cx *cx, struct cloud *c, const struct storage *st,
			       const struct location *at, size_t n, enum status *each)
{
	struct first first = { 0 };

	(void)st;
	for (size_t i = 0; i < n; i++) {
		each[i] = remove_one(cx, c, &at[i]);
		first_note(cx, &first, each[i]);
	}
	return first_said(cx, &first);
}

static enum status stat_one(struct cx *cx, struct cloud *c, const struct location *l, int64_t *size)
{
	const char *name;
	struct stat st;
	int folder;
	enum status s = open_parent(cx, c, l, false, &folder, &name);

	if (s)
		return s;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
		s = failed(cx, "open", l->text);
	else if (!S_ISREG(st.st_mode))
		s = fail(cx, NOT_FOUND, "\"%s\" is not a file", l->text);
	else
		*size = st.st_size;
	close(folder);
	return s;
}

static enum status file_stat(struct cx *cx, struct cloud *c, const struct storage *storage,
			     const struct location *at, size_t n, int64_t *sizes, enum status *each)
{
	struct first first = { 0 };

	(void)storage;
	for (size_t i = 0; i < n; i++) {
		each[i] = stat_one(cx, c, &at[i], &sizes[i]);
		first_note(cx, &first, each[i]);
	}
	return first_said(cx, &first);
}

/* --- listing: a walk in the order of whole keys ---------------------------- */

struct listing {
	struct cx *cx;
	const char *after; /* NULL = from the start */
	struct cloud_entry *out;
	size_t n;
	bool more;
};

struct name {
	const char *key; /* whole location; a folder's ends in '/' */
	const char *name;
	bool folder;
};

/* Of one folder, in order: at most so many at a time, so that a folder of a million files is no
 * million names in memory, nor a million stats for each page. */
#define NAMES_MAX (LIST_MAX + 1)

struct names {
	const char *base, *from; /* the folder; only keys greater than `from` (NULL = any) */
	struct name *items;
	size_t n, room;
	bool cut; /* there are more behind the last one */
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->key, ((const struct name *)b)->key);
}

/* False for what is neither a file nor a folder. */
static bool type_of(int folder, const struct dirent *e, bool *is_folder)
{
	struct stat st;

	*is_folder = e->d_type == DT_DIR;
	if (e->d_type == DT_DIR || e->d_type == DT_REG)
		return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	if (e->d_type != DT_UNKNOWN || fstatat(folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	*is_folder = S_ISDIR(st.st_mode);
	return *is_folder || S_ISREG(st.st_mode);
}

/* True where neither this key nor, in a folder, any below it comes after. */
static bool passed(const struct listing *li, const char *key, bool folder)
{
	if (!li->after || strcmp(key, li->after) > 0)
		return false;
	return !folder || !text_starts(li->after, key);
}

static void keep_least(struct names *names)
{
	if (names->n)
		qsort(names->items, names->n, sizeof(*names->items), by_key);
	names->cut |= names->n > NAMES_MAX;
	if (names->n > NAMES_MAX)
		names->n = NAMES_MAX;
}

static void add_name(struct listing *li, struct names *names, struct cx *scratch, int folder,
		     const struct dirent *e)
{
	const char *key;
	bool is_folder;

	if (!type_of(folder, e, &is_folder))
		return;
	key = cx_printf(scratch, "%s%s%s", names->base, e->d_name, is_folder ? "/" : "");
	if (passed(li, key, is_folder) || (names->from && strcmp(key, names->from) <= 0) ||
	    (names->cut && strcmp(key, names->items[NAMES_MAX - 1].key) > 0))
		return;
	if (names->n == names->room) {
		struct name *more = cx_array(li->cx, 2 * names->room + 64, sizeof(*more));

		if (names->n)
			memcpy(more, names->items, names->n * sizeof(*more));
		names->items = more;
		names->room = 2 * names->room + 64;
	}
	names->items[names->n++] =
		(struct name){ cx_strdup(li->cx, key), cx_strdup(li->cx, e->d_name), is_folder };
	if (names->n == (size_t)2 * NAMES_MAX)
		keep_least(names);
}

static void read_names(struct listing *li, DIR *dir, struct names *names)
{
	struct cx scratch = { 0 };
	const struct dirent *e;

	names->n = 0;
	names->cut = false;
	rewinddir(dir);
	while ((e = readdir(dir))) {
		add_name(li, names, &scratch, dirfd(dir), e);
		cx_reset(&scratch);
	}
	cx_free(&scratch);
	keep_least(names);
}

static enum status list_folder(struct listing *li, int fd, const char *base, int depth);

static enum status list_name(struct listing *li, int folder, const struct name *name, int depth)
{
	struct stat st;
	int fd = -1;

	if (name->folder) {
		if (depth < DEPTH_MAX)
			fd = openat(folder, name->name, FOLDER_FLAGS | O_NOFOLLOW);
		if (fd >= 0)
			return list_folder(li, fd, name->key, depth + 1);
		return depth == DEPTH_MAX || errno != ENOENT
			       ? fail(li->cx, INVALID, "can't list \"%s\"", name->key)
			       : OK;
	}
	if (fstatat(folder, name->name, &st, AT_SYMLINK_NOFOLLOW)) /* gone meanwhile */
		return OK;
	if (li->n == LIST_MAX) {
		li->more = true;
		return OK;
	}
	li->out[li->n++] = (struct cloud_entry){ name->key, st.st_size,
						 (int64_t)st.st_mtim.tv_sec * 1000 +
							 st.st_mtim.tv_nsec / 1000000 };
	return OK;
}

/* Takes `fd` over. */
static enum status list_folder(struct listing *li, int fd, const char *base, int depth)
{
	struct names names = { .base = base };
	DIR *dir = fdopendir(fd);
	enum status s = OK;

	if (!dir) {
		close(fd);
		return failed(li->cx, "list", base);
	}
	do {
		read_names(li, dir, &names);
		for (size_t i = 0; !s && !li->more && i < names.n; i++)
			s = list_name(li, dirfd(dir), &names.items[i], depth);
		names.from = names.n ? names.items[names.n - 1].key : NULL;
	} while (!s && !li->more && names.cut);
	closedir(dir);
	return s;
}

static enum status file_list(struct cx *cx, struct cloud *c, const struct storage *storage,
			     const struct location *l, const char *after, struct cloud_entry *out,
			     size_t *n, bool *more)
{
	struct listing li = { .cx = cx, .after = after, .out = out };
	const char *rest;
	int fd;
	enum status s = open_root(cx, c, cx_printf(cx, "%s/", l->path), &fd, &rest);

	(void)storage;
	if (s)
		return s;
	fd = open_below(cx, c, fd, cx_strndup(cx, rest, *rest ? strlen(rest) - 1 : 0), false);
	if (fd < 0) {
		s = failed(cx, "list", l->text);
		return s == NOT_FOUND ? OK : s; /* as on an object store: no folder, no objects */
	}
	s = list_folder(&li, fd, cx_printf(cx, "%s/", l->text), 0);
	*n = li.n;
	*more = li.more;
	return s;
}

const struct cloud_ops file_cloud = {
	.scheme = "file",
	.get = file_get,
	.put = file_put,
	.remove = file_remove,
	.stat = file_stat,
	.list = file_list,
};
