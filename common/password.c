/* SPDX-License-Identifier: Apache-2.0 */
/* password.c - scrypt by OpenSSL, and its slots. */
#include "common/password.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/text.h"

#define SALT_BYTES 16
#define HASH_BYTES 32
#define MIN_CHARACTERS 8
#define MAX_BYTES 1024
#define MAX_MEMORY ((uint64_t)256 << 20)

struct cost {
	unsigned ln, r, p; /* 2^ln rounds of 128 * r bytes, p times */
};
static const struct cost usual = { 15, 8, 1 };

/* --- the rule ------------------------------------------------------------------ */

static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80; /* UTF-8: all but the bytes that continue one */
	return n;
}

enum status password_rule(struct cx *cx, const char *password)
{
	static const char *const words[] = {
		"default_secret_for_dev",
		"change-me-please",
		"change-me",
		"changeme",
		"password",
		"password123",
		"secret",
		"test_secret",
		"your-secret-key",
		"supersecret",
		"12345678",
	};

	if (characters(password) < MIN_CHARACTERS)
		return fail(cx, INVALID, "the password has fewer than %d characters",
			    MIN_CHARACTERS);
	if (strlen(password) > MAX_BYTES)
		return fail(cx, INVALID, "the password has more than %d bytes", MAX_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasecmp(password, words[i]) == 0)
			return fail(cx, INVALID, "the password is a placeholder; choose another");
	return OK;
}

/* --- slots --------------------------------------------------------------------- */

/* A file locked by this process; -1 where all are taken.  The lock goes with the
 * descriptor, so a process that dies holds none. */
static int take_slot(struct cx *cx, const struct password_limit *limit)
{
	for (int64_t i = 0; i < limit->slots; i++) {
		const char *path =
			cx_printf(cx, "%s/password-%lld.lock", limit->folder, (long long)i);
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);

		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

static enum status derive(struct cx *cx, const struct password_limit *limit, const char *password,
			  const unsigned char *salt, size_t salt_len, const struct cost *cost,
			  unsigned char out[HASH_BYTES])
{
	int slot = -1;
	int ok;

	if (limit->folder) {
		slot = take_slot(cx, limit);
		if (slot < 0)
			return fail(cx, LIMITED, "too many logins at once; try again");
	}
	ok = EVP_PBE_scrypt(password, strlen(password), salt, salt_len, (uint64_t)1 << cost->ln,
			    cost->r, cost->p, MAX_MEMORY, out, HASH_BYTES);
	if (slot >= 0)
		close(slot);
	return ok == 1 ? OK : fail(cx, INTERNAL, "a password hash could not be worked out");
}

/* --- hashes -------------------------------------------------------------------- */

static char *unpadded(char *base64)
{
	base64[strcspn(base64, "=")] = '\0';
	return base64;
}

enum status password_hash(struct cx *cx, const struct password_limit *limit, const char *password,
			  const char **out)
{
	unsigned char salt[SALT_BYTES], hash[HASH_BYTES];
	enum status s;

	text_random(salt, sizeof(salt));
	s = derive(cx, limit, password, salt, sizeof(salt), &usual, hash);
	if (s)
		return s;
	*out = cx_printf(cx, "$scrypt$ln=%u,r=%u,p=%u$%s$%s", usual.ln, usual.r, usual.p,
			 unpadded(text_base64(cx, salt, sizeof(salt))),
			 unpadded(text_base64(cx, hash, sizeof(hash))));
	return OK;
}

struct encoded {
	struct cost cost;
	unsigned char *salt, *hash;
	size_t salt_len, hash_len;
};

static bool decode(struct cx *cx, const char *text, struct encoded *out)
{
	const char *salt, *hash;
	int end = 0;

	if (sscanf(text, "$scrypt$ln=%2u,r=%2u,p=%2u$%n", &out->cost.ln, &out->cost.r, &out->cost.p,
		   &end) != 3 ||
	    !end || out->cost.ln < 1 || out->cost.ln > 20)
		return false;
	salt = text + end;
	hash = strchr(salt, '$');
	return hash &&
	       !text_unbase64(cx, salt, (size_t)(hash - salt), &out->salt, &out->salt_len) &&
	       !text_unbase64(cx, hash + 1, strlen(hash + 1), &out->hash, &out->hash_len) &&
	       out->hash_len == HASH_BYTES;
}

enum status password_verify(struct cx *cx, const struct password_limit *limit, const char *password,
			    const char *encoded)
{
	unsigned char nobody[SALT_BYTES] = { 0 }, hash[HASH_BYTES];
	struct encoded e = { .cost = usual, .salt = nobody, .salt_len = sizeof(nobody) };
	enum status s;

	if (encoded && !decode(cx, encoded, &e))
		return fail(cx, INTERNAL, "a stored password hash can't be read");
	if (strlen(password) > MAX_BYTES)
		return fail(cx, UNAUTHENTICATED, "Invalid credentials");
	s = derive(cx, limit, password, e.salt, e.salt_len, &e.cost, hash);
	if (s)
		return s;
	if (!encoded || CRYPTO_memcmp(hash, e.hash, HASH_BYTES) != 0)
		return fail(cx, UNAUTHENTICATED, "Invalid credentials");
	return OK;
}
