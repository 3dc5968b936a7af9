/* SPDX-License-Identifier: Apache-2.0 */
/* google_key.c - tokens of service accounts, external accounts and the machine; signed URLs.
 * Source: developers.google.com, "Using OAuth 2.0 for Server to Server Applications"; google.aip.dev/auth/4117
 * (external accounts); cloud.google.com, "V4 signing process". */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/json.h"
#include "common/text.h"
#include "vending/cloud_impl.h"
#include "vending/google.h"
#include "vending/sigv4.h"

#define TOKEN_URI "https://oauth2.googleapis.com/token"
#define SCOPE "https://www.googleapis.com/auth/cloud-platform"
#define BEARER "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define EXCHANGE "urn:ietf:params:oauth:grant-type:token-exchange"
#define ACCESS_TOKEN "urn:ietf:params:oauth:token-type:access_token"
#define MACHINE_PATH "/computeMetadata/v1/instance/service-accounts/default/token"
#define FILE_MAX ((size_t)64 << 10)
#define KEY_DEPTH 8
#define TOKEN_S 3600

/* --- keys ------------------------------------------------------------------------------ */

/* A service account, or an external one. */
struct account {
	struct json_object *config; /* NULL: only e-mail and key */
	const char *email, *private_key, *key_id, *token_uri;
};

static enum status read_file(struct cx *cx, const char *path, const char **out)
{
	char *text = cx_alloc(cx, FILE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return fail(cx, INVALID, "\"%s\": %s", path, strerror(errno));
	n = read(fd, text, FILE_MAX);
	close(fd);
	if (n <= 0)
		return fail(cx, INVALID, "\"%s\" is empty or can't be read", path);
	*out = text;
	return OK;
}

static bool trusted(const struct cloud *c, const struct storage *s)
{
	return s->trusted || c->limits.trust_warehouses;
}

static enum status not_trusted(struct cx *cx, const char *what)
{
	return fail(cx, INVALID,
		    "%s: only where PANGOLIN_TRUST_WAREHOUSES is on, or in "
		    "PANGOLIN_DEFAULT_STORAGE",
		    what);
}

static enum status read_account(struct cx *cx, struct cloud *c, const struct storage *s,
				struct account *out)
{
	const char *text = s->service_account_key;
	enum status status = OK;

	*out = (struct account){ .email = s->service_account_email,
				 .private_key = s->private_key,
				 .token_uri = TOKEN_URI };
	if (!text && s->service_account_file) {
		if (!trusted(c, s))
			return not_trusted(cx, "gcs.service-account-file");
		status = read_file(cx, s->service_account_file, &text);
	}
	if (status || !text)
		return status;
	if (json_parse(cx, text, strlen(text), KEY_DEPTH, &out->config) ||
	    !json_object_is_type(out->config, json_type_object))
		return fail(cx, INVALID, "the service account's key is no JSON object");
	out->email = json_text(out->config, "client_email");
	out->private_key = json_text(out->config, "private_key");
	out->key_id = json_text(out->config, "private_key_id");
	if (json_text(out->config, "token_uri"))
		out->token_uri = json_text(out->config, "token_uri");
	return OK;
}

static void key_free(void *key)
{
	EVP_PKEY_free(key);
}

static enum status open_key(struct cx *cx, const char *pem, EVP_PKEY **out)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);

	if (!bio)
		abort();
	*out = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (!*out || EVP_PKEY_get_base_id(*out) != EVP_PKEY_RSA) {
		EVP_PKEY_free(*out);
		return fail(cx, INVALID, "the service account's private key is no RSA key in PEM");
	}
	cx_own(cx, *out, key_free);
	return OK;
}

/* RSASSA-PKCS1-v1_5 with SHA-256: RS256, and GOOG4-RSA-SHA256. */
static enum status sign(struct cx *cx, const struct account *a, const char *text,
			unsigned char **out, size_t *n)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY *key;
	enum status s = open_key(cx, a->private_key, &key);

	if (!md)
		abort();
	if (!s && (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) != 1 ||
		   EVP_DigestSign(md, NULL, n, (const unsigned char *)text, strlen(text)) != 1))
		s = fail(cx, INVALID, "the service account's private key does not sign");
	if (!s) {
		*out = cx_alloc(cx, *n);
		if (EVP_DigestSign(md, *out, n, (const unsigned char *)text, strlen(text)) != 1)
			s = fail(cx, INVALID, "the service account's private key does not sign");
	}
	EVP_MD_CTX_free(md);
	return s;
}

static bool has_key(const struct account *a)
{
	return a->email && a->private_key;
}

/* --- service accounts ---------------------------------------------------------------------- */

static const char *part(struct cx *cx, struct json_object *o)
{
	size_t n;
	const char *text = json_print(cx, o, &n);

	return text_base64url(cx, text, n);
}

/* A JWT that says: I am this account. */
static enum status assertion(struct cx *cx, const struct account *a, const char **out)
{
	struct json_object *header = json_new_object(cx), *claims = json_new_object(cx);
	int64_t now_s = cx_now_ms() / 1000;
	unsigned char *signature;
	const char *text;
	enum status s;
	size_t n;

	json_set_text(header, "alg", "RS256");
	json_set_text(header, "typ", "JWT");
	if (a->key_id)
		json_set_text(header, "kid", a->key_id);
	json_set_text(claims, "iss", a->email);
	json_set_text(claims, "scope", SCOPE);
	json_set_text(claims, "aud", a->token_uri);
	json_set_int(claims, "iat", now_s);
	json_set_int(claims, "exp", now_s + TOKEN_S);
	text = cx_printf(cx, "%s.%s", part(cx, header), part(cx, claims));
	s = sign(cx, a, text, &signature, &n);
	if (!s)
		*out = cx_printf(cx, "%s.%s", text, text_base64url(cx, signature, n));
	return s;
}

static enum status account_token(struct cx *cx, struct cloud *c, const struct account *a,
				 int64_t spare_ms, struct access_token *out)
{
	struct token_request r = { .url = a->token_uri,
				   .fields = { { "grant_type", BEARER } },
				   .n = 2,
				   .key = cx_printf(cx, "%s\n%s", a->email, a->private_key),
				   .spare_ms = spare_ms };
	const char *text;
	enum status s;

	if (token_kept(cx, c, &r, out))
		return OK;
	s = assertion(cx, a, &text);
	r.fields[1] = (struct pair){ "assertion", text };
	return s ? s : token_get(cx, c, &r, out);
}

/* --- external accounts ----------------------------------------------------------------------- */

/* The token that the platform leaves in a file: as it is, or a member of a JSON object. */
static enum status subject_token(struct cx *cx, struct json_object *config, const char **out)
{
	struct json_object *source = json_member(config, "credential_source"), *format, *o;
	const char *path = source ? json_text(source, "file") : NULL, *text, *field;
	enum status s;

	if (!path)
		return fail(cx, INVALID, "external account: only a credential_source with a file");
	s = read_file(cx, path, &text);
	if (s)
		return s;
	format = json_member(source, "format");
	if (!format || !text_same(json_text(format, "type"), "json")) {
		*out = cx_strndup(cx, text, strcspn(text, "\r\n"));
		return OK;
	}
	field = json_text(format, "subject_token_field_name");
	if (!field || json_parse(cx, text, strlen(text), KEY_DEPTH, &o))
		return fail(cx, INVALID, "external account: \"%s\" is no JSON with a token", path);
	*out = json_text(o, field);
	return *out ? OK : fail(cx, INVALID, "external account: \"%s\" lacks its token", path);
}

static enum status external_token(struct cx *cx, struct cloud *c, const struct storage *s,
				  struct json_object *config, int64_t spare_ms,
				  struct access_token *out)
{
	const char *url = json_text(config, "token_url"), *audience = json_text(config, "audience");
	const char *type = json_text(config, "subject_token_type"), *subject;
	struct token_request r = { .url = url, .key = audience, .spare_ms = spare_ms };
	enum status status;

	if (!trusted(c, s))
		return not_trusted(cx, "an external account");
	if (json_text(config, "service_account_impersonation_url"))
		return fail(cx, INVALID,
			    "external account: no impersonation here; give the roles to the "
			    "federated identity itself");
	if (!url || !audience || !type)
		return fail(cx, INVALID,
			    "external account: token_url, audience or subject_token_type is "
			    "missing");
	if (token_kept(cx, c, &r, out))
		return OK;
	status = subject_token(cx, config, &subject);
	if (status)
		return status;
	memcpy(r.fields,
	       (struct pair[]){ { "grant_type", EXCHANGE },
				{ "audience", audience },
				{ "scope", SCOPE },
				{ "requested_token_type", ACCESS_TOKEN },
				{ "subject_token_type", type },
				{ "subject_token", subject } },
	       6 * sizeof(struct pair));
	r.n = 6;
	return token_get(cx, c, &r, out);
}

/* --- all of them ------------------------------------------------------------------------------- */

static enum status machine_token(struct cx *cx, struct cloud *c, const struct storage *s,
				 int64_t spare_ms, struct access_token *out)
{
	struct token_request r = { .url = cx_printf(cx, "%s%s", s->metadata_server, MACHINE_PATH),
				   .key = "machine",
				   .spare_ms = spare_ms,
				   .machine = true };

	return trusted(c, s) ? token_get(cx, c, &r, out) : not_trusted(cx, "gcs.identity");
}

enum status google_token(struct cx *cx, struct cloud *c, const struct storage *s, int64_t spare_ms,
			 struct access_token *out)
{
	struct account a;
	enum status status = read_account(cx, c, s, &a);

	if (status)
		return status;
	if (a.config && text_same(json_text(a.config, "type"), "external_account"))
		return external_token(cx, c, s, a.config, spare_ms, out);
	if (has_key(&a))
		return account_token(cx, c, &a, spare_ms, out);
	if (a.config)
		return fail(cx, INVALID,
			    "the service account's key lacks client_email or private_key");
	if (s->metadata_server)
		return machine_token(cx, c, s, spare_ms, out);
	return fail(cx, INVALID, "the warehouse has no gcs.service-account-key");
}

/* --- signed URLs --------------------------------------------------------------------------- */

enum status google_url(struct cx *cx, struct cloud *c, const struct storage *s,
		       const struct location *l, int64_t expires_s, const char **out)
{
	const char *endpoint = s->endpoint ? s->endpoint : "https://storage.googleapis.com";
	const char *host = strstr(endpoint, "://") + 3, *time = sigv4_time(cx, cx_now_ms());
	const char *scope = cx_printf(cx, "%.8s/auto/storage/goog4_request", time);
	const char *path = cx_printf(cx, "/%s%s", l->authority, l->path), *query, *text;
	unsigned char *signature;
	struct account a;
	size_t n;
	enum status status = read_account(cx, c, s, &a);

	if (!status && !has_key(&a))
		return fail(cx, INVALID, "only a service account with a key can sign URLs");
	if (status)
		return status;
	query = sigv4_query(
		cx,
		(struct pair[]){ { "X-Goog-Algorithm", "GOOG4-RSA-SHA256" },
				 { "X-Goog-Credential", cx_printf(cx, "%s/%s", a.email, scope) },
				 { "X-Goog-Date", time },
				 { "X-Goog-Expires", cx_printf(cx, "%lld", (long long)expires_s) },
				 { "X-Goog-SignedHeaders", "host" } },
		5);
	path = sigv4_path(cx, path);
	text = cx_printf(cx, "GET\n%s\n%s\nhost:%s\n\nhost\nUNSIGNED-PAYLOAD", path, query, host);
	text = cx_printf(cx, "GOOG4-RSA-SHA256\n%s\n%s\n%s", time, scope,
			 sha256_hex(cx, text, strlen(text)));
	status = sign(cx, &a, text, &signature, &n);
	if (!status)
		*out = cx_printf(cx, "%s%s?%s&X-Goog-Signature=%s", endpoint, path, query,
				 text_hex(cx, signature, n));
	return status;
}
