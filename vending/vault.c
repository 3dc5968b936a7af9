/* SPDX-License-Identifier: Apache-2.0 */
/* vault.c - short-lived secrets in sealed files. */
#include "vending/vault.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/text.h"

#define FILE_MAX 65536 /* bytes of a sealed secret */
#define SLOTS 64
#define SWEEP_ONE_IN 64		     /* puts */
#define OLD_S ((time_t)13 * 60 * 60) /* no session lives longer than 12 hours */

struct vault {
	int folder; /* -1 = none */
	struct seal *seal;
	unsigned char seed[SHA256_BYTES]; /* of slots' names */
	struct slot {
		char name[SHA256_HEX + 1];
		char *secret; /* NULL = free */
		int64_t until_ms;
	} slots[SLOTS];
};

static enum status open_folder(struct cx *cx, const char *folder, struct vault *v)
{
	struct stat st;

	if (mkdir(folder, 0700) && errno != EEXIST)
		return fail(cx, INVALID, "the folder \"%s\": %s", folder, strerror(errno));
	v->folder = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (v->folder < 0)
		return fail(cx, INVALID, "the folder \"%s\": %s", folder, strerror(errno));
	if (fstat(v->folder, &st) || st.st_uid != geteuid() || st.st_mode & 077)
		return fail(cx, INVALID, "the folder \"%s\" is not this user's alone (mode 0700)",
			    folder);
	return OK;
}

enum status vault_open(struct cx *cx, const char *folder, struct seal *seal, struct vault **out)
{
	struct vault *v = calloc(1, sizeof(*v));
	enum status s = OK;

	if (!v)
		abort();
	v->folder = -1;
	v->seal = seal;
	text_random(v->seed, sizeof(v->seed));
	if (folder && seal)
		s = open_folder(cx, folder, v);
	if (s)
		vault_close(v);
	else
		*out = v;
	return s;
}

static void forget(struct slot *slot)
{
	if (slot->secret)
		OPENSSL_cleanse(slot->secret, strlen(slot->secret));
	free(slot->secret);
	slot->secret = NULL;
}

void vault_close(struct vault *v)
{
	for (size_t i = 0; i < SLOTS; i++)
		forget(&v->slots[i]);
	if (v->folder >= 0)
		close(v->folder);
	free(v);
}

static const char *name_of(struct cx *cx, const struct vault *v, const char *key)
{
	unsigned char out[SHA256_BYTES];

	if (v->folder >= 0)
		return seal_mac(cx, v->seal, "vault", key);
	hmac_sha256(v->seed, sizeof(v->seed), key, strlen(key), out);
	return text_hex(cx, out, sizeof(out));
}

/* --- in memory -------------------------------------------------------------------- */

static struct slot *slot_of(struct vault *v, const char *name)
{
	unsigned char first = 0;
	char digits[3] = { name[0], name[1], '\0' };

	(void)text_unhex(digits, &first, 1);
	return &v->slots[first % SLOTS];
}

static const char *get_slot(struct cx *cx, struct vault *v, const char *name)
{
	struct slot *slot = slot_of(v, name);

	if (!slot->secret || !text_same(slot->name, name))
		return NULL;
	return slot->until_ms > cx_now_ms() ? cx_strdup(cx, slot->secret) : NULL;
}

static void put_slot(struct vault *v, const char *name, const char *secret, int64_t until_ms)
{
	struct slot *slot = slot_of(v, name);

	forget(slot);
	snprintf(slot->name, sizeof(slot->name), "%s", name);
	slot->secret = strdup(secret);
	slot->until_ms = until_ms;
}

/* --- in files ---------------------------------------------------------------------- */

/* A file's text: "<until> <secret>", sealed under the file's name. */
static const char *get_file(struct cx *cx, const struct vault *v, const char *name)
{
	int fd = openat(v->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char *sealed = cx_alloc(cx, FILE_MAX + 1), *plain, *space;
	int64_t until_ms;
	ssize_t n;

	if (fd < 0)
		return NULL;
	n = read(fd, sealed, FILE_MAX);
	close(fd);
	if (n <= 0 || seal_open_text(cx, v->seal, name, sealed, &plain))
		return NULL;
	space = strchr(plain, ' ');
	if (!space)
		return NULL;
	*space = '\0';
	return text_int(plain, &until_ms) && until_ms > cx_now_ms() ? space + 1 : NULL;
}

static bool write_new(int folder, const char *name, const char *text)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ssize_t n;

	if (fd < 0)
		return false;
	n = write(fd, text, strlen(text));
	return close(fd) == 0 && n == (ssize_t)strlen(text);
}

static void put_file(struct cx *cx, const struct vault *v, const char *name, const char *secret,
		     int64_t until_ms)
{
	const char *plain = cx_printf(cx, "%lld %s", (long long)until_ms, secret);
	const char *sealed = seal_text(cx, v->seal, name, plain);
	const char *fresh = cx_printf(cx, "%s.new", text_uuid4(cx));

	if (strlen(sealed) > FILE_MAX)
		return;
	if (!write_new(v->folder, fresh, sealed) || renameat(v->folder, fresh, v->folder, name))
		unlinkat(v->folder, fresh, 0);
}

static void sweep(const struct vault *v)
{
	int fd = openat(v->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	time_t now = time(NULL);
	struct dirent *e;
	struct stat st;

	while (d && (e = readdir(d)))
		if (!fstatat(v->folder, e->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(st.st_mode) && now - st.st_mtime > OLD_S)
			unlinkat(v->folder, e->d_name, 0);
	if (d)
		closedir(d);
	else if (fd >= 0)
		close(fd);
}

/* --- either -------------------------------------------------------------------------- */

const char *vault_get(struct cx *cx, struct vault *v, const char *key)
{
	const char *name = name_of(cx, v, key);

	return v->folder >= 0 ? get_file(cx, v, name) : get_slot(cx, v, name);
}

void vault_put(struct cx *cx, struct vault *v, const char *key, const char *secret,
	       int64_t until_ms)
{
	const char *name = name_of(cx, v, key);

	if (v->folder < 0) {
		put_slot(v, name, secret, until_ms);
		return;
	}
	put_file(cx, v, name, secret, until_ms);
	if (text_random62() % SWEEP_ONE_IN == 0)
		sweep(v);
}
