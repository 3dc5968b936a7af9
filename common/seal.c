/* SPDX-License-Identifier: Apache-2.0 */
/* seal.c - key rings and AES-256-GCM. */
#include "common/seal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/text.h"

#define MARK "enc:v1:"
#define NONCE 12
#define TAG 16
#define KEY_BYTES 32
#define MAX_ID 32
#define MAX_RING_BYTES 65536

struct seal_key {
	char id[MAX_ID + 1];
	unsigned char bytes[KEY_BYTES];
};

struct seal {
	char *path;
	struct stat file; /* as it was when it was read */
	size_t n;
	struct seal_key *keys;
};

static bool is_id(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_')
			return false;
	return n >= 1 && n <= MAX_ID;
}

/* Reads one line of n bytes, without its end; *key's id stays "" for a comment. */
static bool read_line(char *line, size_t n, struct seal_key *key)
{
	char *space;

	while (n && isspace((unsigned char)line[n - 1]))
		n--;
	line[n] = '\0';
	if (!n || *line == '#')
		return true;
	space = strchr(line, ' ');
	if (!space || !is_id(line, (size_t)(space - line)) ||
	    !text_unhex(space + 1, key->bytes, KEY_BYTES))
		return false;
	memcpy(key->id, line, (size_t)(space - line));
	return true;
}

static enum status read_ring(struct cx *cx, const char *path, char *text, size_t len,
			     struct seal *ring)
{
	size_t number = 0;

	for (char *line = text, *end; line < text + len; line = end + 1) {
		struct seal_key key = { 0 };

		number++;
		end = memchr(line, '\n', (size_t)(text + len - line));
		end = end ? end : text + len;
		if (!read_line(line, (size_t)(end - line), &key))
			return fail(cx, INVALID,
				    "key file %s, line %zu: not \"<id> <64 hex digits>\"", path,
				    number);
		if (*key.id)
			ring->keys[ring->n++] = key;
		OPENSSL_cleanse(&key, sizeof(key));
	}
	return ring->n ? OK : fail(cx, INVALID, "key file %s holds no key", path);
}

/* The file's bytes in a buffer of MAX_RING_BYTES + 1. */
static enum status read_file(struct cx *cx, const char *path, char *buffer, size_t *len,
			     struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0 || fstat(fd, st)) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return fail(cx, UNAVAILABLE, "cannot open key file %s: %s", path, strerror(error));
	}
	if (st->st_mode & 0777 & ~0640u) {
		close(fd);
		return fail(cx, INVALID, "key file %s has mode %04o: allow no more than 0640", path,
			    st->st_mode & 07777);
	}
	*len = 0;
	while ((n = read(fd, buffer + *len, MAX_RING_BYTES + 1 - *len)) > 0)
		*len += (size_t)n;
	close(fd);
	if (n < 0)
		return fail(cx, UNAVAILABLE, "cannot read key file %s", path);
	if (*len > MAX_RING_BYTES)
		return fail(cx, INVALID, "key file %s is larger than %d bytes", path,
			    MAX_RING_BYTES);
	return OK;
}

static enum status read_variable(struct cx *cx, const char *name, char *buffer, size_t *len)
{
	const char *text = getenv(name);

	*len = text ? strlen(text) : 0;
	if (!text || *len > MAX_RING_BYTES)
		return fail(cx, UNAVAILABLE, "%s is not set, or too long for a key ring", name);
	memcpy(buffer, text, *len);
	for (size_t i = 0; i < *len; i++)
		if (buffer[i] == ',')
			buffer[i] = '\n';
	return OK;
}

static void forget_keys(struct seal *ring)
{
	if (ring->keys)
		OPENSSL_cleanse(ring->keys, ring->n * sizeof(ring->keys[0]));
	free(ring->keys);
	ring->keys = NULL;
	ring->n = 0;
}

/* Fills file, n and keys. */
static enum status load(struct cx *cx, const char *path, struct seal *ring)
{
	char *buffer = calloc(1, MAX_RING_BYTES + 2);
	size_t len = 0, lines = 1;
	enum status s;

	if (!buffer)
		abort();
	if (*path == '$')
		s = read_variable(cx, path + 1, buffer, &len);
	else
		s = read_file(cx, path, buffer, &len, &ring->file);
	if (!s) {
		for (size_t i = 0; i < len; i++)
			lines += buffer[i] == '\n';
		ring->keys = calloc(lines, sizeof(ring->keys[0]));
		if (!ring->keys)
			abort();
		s = read_ring(cx, path, buffer, len, ring);
	}
	OPENSSL_cleanse(buffer, MAX_RING_BYTES + 2);
	free(buffer);
	if (s)
		forget_keys(ring);
	return s;
}

enum status seal_open(struct cx *cx, const char *path, struct seal **out)
{
	struct seal *ring = calloc(1, sizeof(*ring));
	enum status s;

	if (!ring)
		abort();
	s = load(cx, path, ring);
	if (s) {
		free(ring);
		return s;
	}
	ring->path = strdup(path);
	if (!ring->path)
		abort();
	*out = ring;
	return OK;
}

void seal_close(struct seal *seal)
{
	if (!seal)
		return;
	forget_keys(seal);
	free(seal->path);
	free(seal);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       memcmp(&a->st_mtim, &b->st_mtim, sizeof(a->st_mtim)) == 0;
}

static void read_again(struct seal *seal)
{
	struct seal fresh = { .path = seal->path };
	struct cx cx = { 0 };
	struct stat st;

	if (stat(seal->path, &st) || same_file(&st, &seal->file))
		return;
	if (load(&cx, seal->path, &fresh) == OK) {
		forget_keys(seal);
		*seal = fresh;
	}
	cx_free(&cx);
}

/* Whether what is there ends in the middle of a line, which reads all the same. */
static bool is_cut(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last = '\n';

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

enum status seal_add_key(struct cx *cx, const char *path)
{
	unsigned char bytes[KEY_BYTES], id[4];
	int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
	char *line;
	ssize_t n;
	size_t len;

	if (fd < 0)
		return fail(cx, UNAVAILABLE, "cannot open key file %s: %s", path, strerror(errno));
	text_random(bytes, sizeof(bytes));
	text_random(id, sizeof(id));
	line = cx_printf(cx, "%s%s %s\n", is_cut(fd) ? "\n" : "", text_hex(cx, id, sizeof(id)),
			 text_hex(cx, bytes, sizeof(bytes)));
	len = strlen(line);
	n = write(fd, line, len);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	if (n == (ssize_t)len && fsync(fd) == 0 && close(fd) == 0)
		return OK;
	return fail(cx, UNAVAILABLE, "cannot write key file %s: %s", path, strerror(errno));
}

static const struct seal_key *key_named(const struct seal *seal, const char *id, size_t n)
{
	for (size_t i = seal->n; i-- > 0;)
		if (strlen(seal->keys[i].id) == n && memcmp(seal->keys[i].id, id, n) == 0)
			return &seal->keys[i];
	return NULL;
}

/* One pass of AES-256-GCM.  `tag` is written when sealing, checked when opening. */
static bool gcm(bool sealing, const struct seal_key *key, const unsigned char *nonce,
		const char *place, const unsigned char *in, size_t n, unsigned char *out,
		unsigned char *tag)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len, direction = sealing;
	bool good;

	if (!c || n > INT32_MAX)
		abort();
	good = EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key->bytes, nonce, direction) == 1 &&
	       EVP_CipherUpdate(c, NULL, &len, (const unsigned char *)place, (int)strlen(place)) ==
		       1 &&
	       EVP_CipherUpdate(c, out, &len, in, (int)n) == 1;
	if (good && !sealing)
		good = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG, tag) == 1;
	good = good && EVP_CipherFinal_ex(c, out + n, &len) == 1;
	if (good && sealing)
		good = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG, tag) == 1;
	EVP_CIPHER_CTX_free(c);
	return good;
}

/* The newest of what the file holds now. */
static const struct seal_key *sealing_key(struct seal *seal)
{
	read_again(seal);
	return &seal->keys[seal->n - 1];
}

char *seal_text(struct cx *cx, struct seal *seal, const char *place, const char *plain)
{
	const struct seal_key *key = sealing_key(seal);
	size_t n = strlen(plain);
	unsigned char *bytes = cx_alloc(cx, NONCE + n + TAG + 1);

	text_random(bytes, NONCE);
	if (!gcm(true, key, bytes, place, (const unsigned char *)plain, n, bytes + NONCE,
		 bytes + NONCE + n))
		abort();
	return cx_printf(cx, MARK "%s:%s", key->id, text_base64(cx, bytes, NONCE + n + TAG));
}

char *seal_mac(struct cx *cx, struct seal *seal, const char *use, const char *text)
{
	const struct seal_key *key = &seal->keys[seal->n - 1];
	unsigned char derived[SHA256_BYTES], out[SHA256_BYTES];

	hmac_sha256(key->bytes, KEY_BYTES, use, strlen(use), derived);
	hmac_sha256(derived, sizeof(derived), text, strlen(text), out);
	OPENSSL_cleanse(derived, sizeof(derived));
	return text_hex(cx, out, sizeof(out));
}

bool seal_is_sealed(const char *text)
{
	return text_starts(text, MARK);
}

enum status seal_open_text(struct cx *cx, struct seal *seal, const char *place, const char *sealed,
			   char **plain)
{
	const char *id = sealed + strlen(MARK), *colon;
	const struct seal_key *key;
	unsigned char *bytes, *out;
	size_t n;

	if (!text_starts(sealed, MARK) || !(colon = strchr(id, ':')))
		return fail(cx, INTERNAL, "a secret is not sealed");
	key = key_named(seal, id, (size_t)(colon - id));
	if (!key) {
		read_again(seal);
		key = key_named(seal, id, (size_t)(colon - id));
	}
	if (!key)
		return fail(cx, INTERNAL,
			    "a secret is sealed with key \"%.*s\", which is not in the key file",
			    (int)(colon - id < MAX_ID ? colon - id : MAX_ID), id);
	if (text_unbase64(cx, colon + 1, strlen(colon + 1), &bytes, &n) || n < NONCE + TAG)
		return fail(cx, INTERNAL, "a secret is cut short");
	n -= NONCE + TAG;
	out = cx_alloc(cx, n + 1);
	if (!gcm(false, key, bytes, place, bytes + NONCE, n, out, bytes + NONCE + n))
		return fail(cx, INTERNAL, "a secret was changed or moved since it was sealed");
	*plain = (char *)out;
	return OK;
}
