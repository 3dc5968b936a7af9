/* SPDX-License-Identifier: Apache-2.0 */
/* jwt_keys.c - making signing keys; their files. */
#include "common/jwt_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/text.h"

#define MAX_FILE_BYTES 65536

/* --- public keys --------------------------------------------------------------- */

const struct jwt_key *jwt_keys_find(const struct jwt_keys *keys, const char *kid)
{
	for (size_t i = 0; i < keys->n; i++)
		if (strcmp(keys->keys[i].kid, kid) == 0)
			return &keys->keys[i];
	return NULL;
}

bool jwt_keys_know(const struct jwt_keys *keys, const char *kid)
{
	return jwt_keys_find(keys, kid) != NULL;
}

static struct json_object *jwk_json(struct cx *cx, const struct jwt_key *k)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "kty", "EC");
	json_set_text(o, "crv", "P-256");
	json_set_text(o, "use", "sig");
	json_set_text(o, "alg", "ES256");
	json_set_text(o, "kid", k->kid);
	json_set_text(o, "x", k->x);
	json_set_text(o, "y", k->y);
	return o;
}

struct json_object *jwt_keys_json(struct cx *cx, const struct jwt_keys *keys)
{
	struct json_object *o = json_new_object(cx), *list = json_new_array(cx);

	for (size_t i = 0; i < keys->n; i++)
		json_add(list, jwk_json(cx, &keys->keys[i]));
	json_set(o, "keys", list);
	return o;
}

/* --- files ------------------------------------------------------------------ */

/* `private`: refused where anyone but the owner may read it. */
static enum status read_file(struct cx *cx, const char *path, bool private, const char **out,
			     size_t *n)
{
	char *text = cx_alloc(cx, MAX_FILE_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t got;

	if (fd < 0)
		return fail(cx, errno == ENOENT ? NOT_FOUND : INVALID, "%s: %s", path,
			    strerror(errno));
	if (fstat(fd, &st))
		st.st_mode = 0777;
	got = read(fd, text, MAX_FILE_BYTES);
	close(fd);
	if (private && st.st_mode & 077)
		return fail(cx, INVALID, "%s may be read by others: chmod 0400 it", path);
	if (got < 0 || got == MAX_FILE_BYTES)
		return fail(cx, INVALID, "%s can't be read, or is too large", path);
	*out = text;
	*n = (size_t)got;
	return OK;
}

/* Who owned the file before goes on to: root may rotate keys for a service's user. */
static bool keep_owner(int fd, const char *path)
{
	struct stat before, now;

	if (stat(path, &before))
		return errno == ENOENT;
	if (fstat(fd, &now))
		return false;
	return (before.st_uid == now.st_uid && before.st_gid == now.st_gid) ||
	       fchown(fd, before.st_uid, before.st_gid) == 0;
}

/* Writes beside the file and renames: readers see the old text or the new. */
static enum status write_file(struct cx *cx, const char *path, const char *text, size_t n,
			      mode_t mode)
{
	const char *fresh = cx_printf(cx, "%s.%s", path, text_uuid4(cx));
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	bool ok = fd >= 0 && keep_owner(fd, path) && fchmod(fd, mode) == 0 &&
		  write(fd, text, n) == (ssize_t)n && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	if (ok && rename(fresh, path) == 0)
		return OK;
	(void)fail(cx, INVALID, "%s can't be written: %s", path, strerror(errno));
	unlink(fresh);
	return INVALID;
}

enum status jwt_keys_read(struct cx *cx, const char *path, struct jwt_keys **out)
{
	const char *text;
	enum status s;
	size_t n;

	s = read_file(cx, path, false, &text, &n);
	if (s)
		return fail(cx, INVALID, "%s", cx->message);
	return jwt_keys_parse(cx, text, n, path, out);
}

/* --- private keys ------------------------------------------------------------ */

/* Fills x, y and kid from a key; false where it is not P-256. */
static bool describe(struct cx *cx, EVP_PKEY *key, struct jwt_key *out)
{
	unsigned char point[1 + 2 * JWT_COORDINATE], *hash = cx_alloc(cx, EVP_MAX_MD_SIZE);
	char group[32];
	const char *canonical;
	unsigned hash_len;
	size_t n;

	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
					   &n) != 1 ||
	    strcmp(group, "prime256v1") != 0 ||
	    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
					    &n) != 1 ||
	    n != sizeof(point))
		return false;
	out->x = text_base64url(cx, point + 1, JWT_COORDINATE);
	out->y = text_base64url(cx, point + 1 + JWT_COORDINATE, JWT_COORDINATE);
	/* RFC 7638: the required members alone, in the order of their names */
	canonical = cx_printf(cx, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}",
			      out->x, out->y);
	if (EVP_Digest(canonical, strlen(canonical), hash, &hash_len, EVP_sha256(), NULL) != 1)
		return false;
	out->kid = text_base64url(cx, hash, hash_len);
	out->key = key;
	return true;
}

enum status jwt_signer_read(struct cx *cx, const char *path, struct jwt_signer **out)
{
	struct jwt_signer *signer = CX_NEW(cx, struct jwt_signer);
	struct jwt_key key;
	const char *text;
	enum status s;
	BIO *bio;
	size_t n;

	s = read_file(cx, path, true, &text, &n);
	if (s)
		return fail(cx, INVALID, "%s", cx->message);
	bio = BIO_new_mem_buf(text, (int)n);
	signer->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (!signer->key)
		return fail(cx, INVALID, "%s holds no private key", path);
	jwt_key_own(cx, signer->key);
	if (!describe(cx, signer->key, &key))
		return fail(cx, INVALID, "%s holds no P-256 key", path);
	signer->kid = key.kid;
	*out = signer;
	return OK;
}

const char *jwt_signer_kid(const struct jwt_signer *signer)
{
	return signer->kid;
}

/* --- making a key ------------------------------------------------------------ */

/* The new key first, then those that were there, as many as fit. */
static enum status public_text(struct cx *cx, const char *path, const struct jwt_key *fresh,
			       const char **out, size_t *n)
{
	struct jwt_key ring[JWT_MAX_KEYS] = { *fresh };
	struct jwt_keys keys = { .n = 1, .keys = ring }, *before;
	const char *text;
	enum status s;
	size_t len;

	s = read_file(cx, path, false, &text, &len);
	if (!s)
		s = jwt_keys_parse(cx, text, len, path, &before);
	else if (s == NOT_FOUND)
		before = CX_NEW(cx, struct jwt_keys), s = OK;
	if (s)
		return s;
	for (size_t i = 0; i < before->n && keys.n < JWT_MAX_KEYS; i++)
		keys.keys[keys.n++] = before->keys[i];
	*out = json_print(cx, jwt_keys_json(cx, &keys), n);
	return OK;
}

static enum status private_text(struct cx *cx, EVP_PKEY *key, const char **out, size_t *n)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes;
	long len;

	if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1) {
		BIO_free(bio);
		return fail(cx, INTERNAL, "a key could not be written as text");
	}
	len = BIO_get_mem_data(bio, &bytes);
	*n = (size_t)len;
	*out = cx_strndup(cx, bytes, *n);
	BIO_free(bio);
	return OK;
}

enum status jwt_keys_create(struct cx *cx, const char *folder, bool rotate)
{
	const char *private_path = cx_printf(cx, "%s/" JWT_PRIVATE_FILE, folder);
	const char *public_path = cx_printf(cx, "%s/" JWT_PUBLIC_FILE, folder);
	const char *private_pem = "", *public_json;
	size_t private_len = 0, public_len;
	struct jwt_key fresh;
	EVP_PKEY *key;
	enum status s;

	if (!rotate && access(private_path, F_OK) == 0)
		return fail(cx, EXISTS, "%s exists already", private_path);
	key = EVP_EC_gen("P-256");
	if (!key)
		return fail(cx, INTERNAL, "a key could not be made");
	jwt_key_own(cx, key);
	if (!describe(cx, key, &fresh))
		return fail(cx, INTERNAL, "a fresh key is not P-256");
	s = public_text(cx, public_path, &fresh, &public_json, &public_len);
	if (s)
		return s;
	s = private_text(cx, key, &private_pem, &private_len);
	if (s)
		return s;
	/* Who verifies must know the key before anyone signs with it. */
	s = write_file(cx, public_path, public_json, public_len, 0444);
	return s ? s : write_file(cx, private_path, private_pem, private_len, 0400);
}
