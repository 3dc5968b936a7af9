/* SPDX-License-Identifier: Apache-2.0 */
/* cache.c - metadata text on local disk, named by its SHA-256, mapped while it is used. */
#include "vending/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/text.h"

/*
 * A load costs an open, fstat and mmap of about 12 us, and a hash of 5 us (6 KB)
 * at 1.2 GB/s; a text that is still mapped costs nothing.  So each process
 * keeps what it last used mapped, at most MAPPED_BYTES, and remembers by inode
 * and change time what it has verified.
 */
#define SLOTS 4096
#define WAYS 4
#define MAPPED_BYTES ((size_t)8 << 20)
#define NAME_BYTES 96
#define SHARDS                                                                                     \
	16 /* sub-folders, by the hash's first digit: so that looking
			 * for what is old reads few names */
#define SCANS                                                                                      \
	8 /* a shard is looked through about once for each 1/SCANS of
			 * its room that is written */

struct slot {
	char name[NAME_BYTES]; /* "<64 hex>[.suffix]"; "" = free */
	ino_t inode;	       /* verified: this inode, not changed since */
	struct timespec changed;
	const char *bytes; /* NULL = not mapped now */
	size_t size;
};

struct cache {
	int shards[SHARDS]; /* folders; -1 all = no cache */
	int64_t max_bytes;
	size_t mapped; /* bytes in slots */
	size_t hand;   /* where to look for what to unmap next */
	struct slot slots[SLOTS];
};

/* --- the folder ------------------------------------------------------------ */

/* Makes and opens a folder that is ours alone, following no link.  -1 and errno. */
static int own_folder(int at, const char *name)
{
	struct stat st;
	int fd;

	if (mkdirat(at, name, 0700) && errno != EEXIST)
		return -1;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && st.st_uid == geteuid() && !(st.st_mode & 077))
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

static enum status open_shards(struct cx *cx, const char *folder, struct cache *c)
{
	char name[2] = { 0 };
	int fd = own_folder(AT_FDCWD, folder);

	for (int i = 0; fd >= 0 && i < SHARDS; i++) {
		name[0] = "0123456789abcdef"[i];
		c->shards[i] = own_folder(fd, name);
		if (c->shards[i] < 0) {
			close(fd);
			fd = -1;
		}
	}
	if (fd < 0)
		return fail(cx, INVALID, "the cache folder \"%s\": %s", folder,
			    errno == EPERM ? "is not this user's alone (mode 0700)"
					   : strerror(errno));
	close(fd);
	return OK;
}

enum status cache_open(struct cx *cx, const char *folder, int64_t max_bytes, struct cache **out)
{
	struct cache *c = calloc(1, sizeof(*c));
	enum status s = OK;

	if (!c)
		abort();
	for (int i = 0; i < SHARDS; i++)
		c->shards[i] = -1;
	c->max_bytes = max_bytes;
	if (folder)
		s = open_shards(cx, folder, c);
	if (s)
		cache_close(c);
	else
		*out = c;
	return s;
}

void cache_close(struct cache *c)
{
	for (int i = 0; i < SHARDS; i++)
		if (c->shards[i] >= 0)
			close(c->shards[i]);
	for (int i = 0; i < SLOTS; i++)
		if (c->slots[i].bytes)
			munmap((void *)(uintptr_t)c->slots[i].bytes, c->slots[i].size);
	free(c);
}

/* The name of a text's file; false for what can't be one.  suffix may be NULL. */
static bool file_name(const char *sha256_text, const char *suffix, char out[NAME_BYTES])
{
	unsigned char digest[SHA256_BYTES];

	if (!text_unhex(sha256_text, digest, sizeof(digest)))
		return false;
	if (suffix && (strlen(suffix) > 24 || strchr(suffix, '/') || strchr(suffix, '.')))
		return false;
	snprintf(out, NAME_BYTES, "%s%s%s", sha256_text, suffix ? "." : "", suffix ? suffix : "");
	return true;
}

static int shard_of(const struct cache *c, const char *name)
{
	const char *digits = "0123456789abcdef", *d = strchr(digits, name[0]);

	return d ? c->shards[d - digits] : -1; /* upper-case hex is not ours */
}

/* --- mapped texts ----------------------------------------------------------- */

/* The name's slot, or the one of WAYS it may take: a free or unmapped one first. */
static struct slot *slot_of(struct cache *c, const char *name)
{
	struct slot *take = NULL;
	uint32_t h = 2166136261u; /* FNV-1a */

	for (const char *s = name; *s; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	for (uint32_t i = 0; i < WAYS; i++) {
		struct slot *slot = &c->slots[(h + i) % SLOTS];

		if (!strcmp(slot->name, name))
			return slot;
		if (!take || (take->bytes && !slot->bytes))
			take = slot;
	}
	return take;
}

struct map {
	const char *bytes;
	size_t size;
};

static void unmap(void *thing)
{
	struct map *m = thing;

	munmap((void *)(uintptr_t)m->bytes, m->size);
}

/* This request may have been given the text before: it goes when the request does. */
static void let_go(struct cx *cx, struct cache *c, struct slot *slot)
{
	struct map *m;

	if (!slot->bytes)
		return;
	m = CX_NEW(cx, struct map);
	*m = (struct map){ slot->bytes, slot->size };
	cx_own(cx, m, unmap);
	c->mapped -= slot->size;
	slot->bytes = NULL;
}

static void keep_mapped(struct cx *cx, struct cache *c, struct slot *slot, const char *bytes,
			size_t size)
{
	slot->bytes = bytes;
	slot->size = size;
	c->mapped += size;
	for (size_t i = 0; c->mapped > MAPPED_BYTES && i < SLOTS; i++) {
		struct slot *old = &c->slots[c->hand++ % SLOTS];

		if (old != slot)
			let_go(cx, c, old);
	}
	if (c->mapped > MAPPED_BYTES)
		let_go(cx, c, slot); /* larger than all of them together may be */
}

/* A plain text's hash is its name's; a derived one's stands in its first line. */
static bool hash_holds(const char *name, const char *bytes, size_t size)
{
	const char *expected = strchr(name, '.') ? bytes : name;
	unsigned char want[SHA256_BYTES], have[SHA256_BYTES];
	char digits[SHA256_HEX + 1] = { 0 };

	if (expected == bytes) {
		if (size <= SHA256_HEX || bytes[SHA256_HEX] != '\n')
			return false;
		bytes += SHA256_HEX + 1;
		size -= SHA256_HEX + 1;
	}
	memcpy(digits, expected, SHA256_HEX);
	if (!text_unhex(digits, want, sizeof(want)))
		return false;
	sha256(bytes, size, have);
	return !memcmp(want, have, sizeof(want));
}

static bool is_verified(const struct slot *slot, const char *name, const struct stat *st)
{
	return !strcmp(slot->name, name) && slot->inode == st->st_ino &&
	       slot->changed.tv_sec == st->st_ctim.tv_sec &&
	       slot->changed.tv_nsec == st->st_ctim.tv_nsec;
}

/* Eviction takes what was not used for longest.  At most hourly: it changes the
 * inode, so all processes verify anew. */
static void mark_used(int fd, struct stat *st)
{
	if (st->st_mtim.tv_sec + 3600 < cx_now_ms() / 1000 && !futimens(fd, NULL))
		(void)!fstat(fd, st);
}

/* Maps an open file into its name's slot; false where it is not what it should be. */
static bool map_file(struct cx *cx, struct cache *c, int fd, const char *name, int64_t size,
		     const char **bytes, size_t *n)
{
	struct slot *slot = slot_of(c, name);
	struct stat st;
	void *p;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_size < 1 ||
	    (size >= 0 && st.st_size != size))
		return false;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return false;
	if (!is_verified(slot, name, &st)) {
		if (!hash_holds(name, p, (size_t)st.st_size)) {
			munmap(p, (size_t)st.st_size);
			return false;
		}
		mark_used(fd, &st);
	}
	let_go(cx, c, slot);
	memcpy(slot->name, name, strlen(name) + 1);
	slot->inode = st.st_ino;
	slot->changed = st.st_ctim;
	*bytes = p;
	*n = (size_t)st.st_size;
	keep_mapped(cx, c, slot, *bytes, *n);
	return true;
}

/* size -1: whatever it is. */
static enum status get(struct cx *cx, struct cache *c, const char *name, int64_t size,
		       const char **bytes, size_t *n)
{
	struct slot *slot = slot_of(c, name);
	int shard = shard_of(c, name), fd;
	bool good;

	if (slot->bytes && !strcmp(slot->name, name)) {
		*bytes = slot->bytes;
		*n = slot->size;
		return size < 0 || (int64_t)slot->size == size ? OK : NOT_FOUND;
	}
	if (shard < 0)
		return NOT_FOUND;
	fd = openat(shard, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return NOT_FOUND;
	good = map_file(cx, c, fd, name, size, bytes, n);
	close(fd);
	if (!good)
		unlinkat(shard, name, 0);
	return good ? OK : NOT_FOUND;
}

enum status cache_get(struct cx *cx, struct cache *c, const char *sha256_text, int64_t size,
		      const char **bytes)
{
	char name[NAME_BYTES];
	size_t n;

	if (!file_name(sha256_text, NULL, name) || size < 0)
		return NOT_FOUND;
	return get(cx, c, name, size, bytes, &n);
}

enum status cache_get_derived(struct cx *cx, struct cache *c, const char *sha256_text,
			      const char *suffix, const char **bytes, size_t *n)
{
	char name[NAME_BYTES];
	enum status s;

	if (!file_name(sha256_text, suffix, name))
		return NOT_FOUND;
	s = get(cx, c, name, -1, bytes, n);
	if (!s) {
		*bytes += SHA256_HEX + 1;
		*n -= SHA256_HEX + 1;
	}
	return s;
}

/* --- filling and clearing ---------------------------------------------------- */

struct old {
	struct timespec used;
	int64_t size;
	char name[NAME_BYTES];
};

static int by_age(const void *a, const void *b)
{
	const struct timespec *x = &((const struct old *)a)->used,
			      *y = &((const struct old *)b)->used;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? -1 : 1;
	return x->tv_nsec < y->tv_nsec ? -1 : x->tv_nsec > y->tv_nsec;
}

/* Everything in a shard; the caller frees. */
static struct old *files_in(DIR *dir, size_t *n, int64_t *total)
{
	struct old *files = NULL;
	size_t room = 0;
	const struct dirent *e;
	struct stat st;

	*n = 0;
	*total = 0;
	while ((e = readdir(dir))) {
		if (strlen(e->d_name) >= NAME_BYTES ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) || S_ISDIR(st.st_mode))
			continue;
		if (*n == room) {
			room = room ? 2 * room : 256;
			files = reallocarray(files, room, sizeof(*files));
			if (!files)
				abort();
		}
		files[*n].used = st.st_mtim;
		files[*n].size = st.st_size;
		memcpy(files[*n].name, e->d_name, strlen(e->d_name) + 1);
		*total += files[(*n)++].size;
	}
	return files;
}

/* Past its share, a shard is brought down to three quarters of it. */
static void evict(int shard, int64_t share)
{
	int fd = openat(shard, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct old *files;
	int64_t total;
	size_t n;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	files = files_in(dir, &n, &total);
	if (total > share) {
		qsort(files, n, sizeof(*files), by_age);
		for (size_t i = 0; i < n && total > share / 4 * 3; i++)
			if (!unlinkat(fd, files[i].name, 0))
				total -= files[i].size;
	}
	free(files);
	closedir(dir);
}

/* By chance, so that processes of one request evict too. */
static void evict_sometimes(const struct cache *c, int shard, size_t written)
{
	int64_t share = c->max_bytes / SHARDS, step = share / SCANS + 1;

	if (text_random62() % step < (int64_t)written)
		evict(shard, share);
}

static bool write_all(int fd, const char *from, size_t n)
{
	while (n) {
		ssize_t put = write(fd, from, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		from += put;
		n -= (size_t)put;
	}
	return true;
}

/* head may be "".  No fsync: what a power loss tears does not verify. */
static void put(const struct cache *c, const char *name, const char *head, const char *bytes,
		size_t n)
{
	struct cx cx = { 0 };
	int shard = shard_of(c, name), fd;
	size_t total = n + strlen(head);
	char *temporary;
	bool good;

	if (shard < 0 || (int64_t)total > c->max_bytes / SHARDS)
		return;
	temporary = cx_printf(&cx, "%s.tmp", text_uuid4(&cx));
	fd = openat(shard, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0) {
		good = write_all(fd, head, strlen(head)) && write_all(fd, bytes, n);
		close(fd);
		if (!good || renameat(shard, temporary, shard, name))
			unlinkat(shard, temporary, 0);
		evict_sometimes(c, shard, total);
	}
	cx_free(&cx);
}

void cache_put(struct cache *c, const char *sha256_text, const char *bytes, size_t n)
{
	char name[NAME_BYTES];

	if (file_name(sha256_text, NULL, name))
		put(c, name, "", bytes, n);
}

void cache_put_derived(struct cache *c, const char *sha256_text, const char *suffix,
		       const char *bytes, size_t n)
{
	struct cx cx = { 0 };
	char name[NAME_BYTES];

	if (file_name(sha256_text, suffix, name))
		put(c, name, cx_printf(&cx, "%s\n", sha256_hex(&cx, bytes, n)), bytes, n);
	cx_free(&cx);
}
