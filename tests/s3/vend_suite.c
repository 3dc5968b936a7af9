/* SPDX-License-Identifier: Apache-2.0 */
/* vend_suite.c - what is vended for one table is tried on another, on a real S3 server with STS.
 *
 *	vend_suite URL KEY SECRET ROLE_ARN VENDOR_KEY VENDOR_SECRET COUNT
 *
 * KEY may do everything; VENDOR_KEY may assume ROLE_ARN.  COUNT pairs of neighbouring
 * folders with names made to be read in two ways.  Makes a bucket of its own.  */
#include "vending/vend.h"

#include <openssl/evp.h>

#include "common/hmac.h"
#include "common/text.h"
#include "vending/http.h"
#include "vending/sign.h"
#include "vending/sigv4.h"
#include "tests/s3/names.h"

#define SECRET "what is in the other table"
#define OWN "what is in the own table"

static struct cx cx;	       /* of one pair */
static struct cx life;	       /* of the whole run */
static struct storage storage; /* by the keys that may do everything */
static struct storage vendor;
static struct cloud *cloud;
static struct http *http;
static int passed, failed, pairs, tries, refused_names;

static void check(bool good, const char *what)
{
	passed += good;
	failed += !good;
	if (!good)
		printf("FAILED  %s: %s\n", what, cx.message);
	fflush(stdout);
}

/* --- requests as they are, whatever they name -------------------------------------------- */

struct shot {
	const char *method, *key; /* key NULL = the bucket; not encoded, not normalised */
	struct pair query[3];
	size_t n_query;
	const char *copy_source, *body;
};

static const char *md5_of(const char *body)
{
	unsigned char out[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	EVP_Digest(body, strlen(body), out, &n, EVP_md5(), NULL);
	return text_base64(&cx, out, n);
}

static struct http_request send_shot(const struct storage *s, const struct shot *shot)
{
	const char *body = shot->body ? shot->body : "", *query;
	struct pair headers[8];
	size_t n = 0;
	struct sigv4 sign = { .method = shot->method,
			      .path = cx_printf(&cx, "/%s%s%s", s->bucket, shot->key ? "/" : "",
						shot->key ? shot->key : ""),
			      .query = shot->query,
			      .n_query = shot->n_query,
			      .headers = headers,
			      .payload = sha256_hex(&cx, body, strlen(body)),
			      .region = s->region,
			      .service = "s3",
			      .access_key_id = s->access_key_id,
			      .secret_access_key = s->secret_access_key,
			      .now_ms = cx_now_ms() };
	struct http_request r = { .method = shot->method,
				  .headers = headers,
				  .max_answer = 1 << 20 };

	query = sigv4_query(&cx, sign.query, sign.n_query);
	r.url = cx_printf(&cx, "%s%s%s%s", s->endpoint, sigv4_path(&cx, sign.path),
			  *query ? "?" : "", query);
	if (shot->body) {
		r.body = shot->body;
		r.n_body = strlen(shot->body);
		headers[n++] = (struct pair){ "Content-MD5", md5_of(shot->body) };
	}
	headers[n++] = (struct pair){ "x-amz-date", sigv4_time(&cx, sign.now_ms) };
	headers[n++] = (struct pair){ "x-amz-content-sha256", sign.payload };
	if (s->session_token)
		headers[n++] = (struct pair){ "x-amz-security-token", s->session_token };
	if (shot->copy_source)
		headers[n++] = (struct pair){ "x-amz-copy-source", shot->copy_source };
	headers[n++] = (struct pair){ "Host", strstr(s->endpoint, "://") + 3 };
	sign.n_headers = n;
	headers[n - 1] = (struct pair){ "Authorization", sigv4_authorization(&cx, &sign) };
	r.n_headers = n;
	http_perform(&cx, http, &r, 1);
	tries++;
	return r;
}

static struct http_request object(const struct storage *s, const char *method, const char *key,
				  const char *body)
{
	struct shot shot = { .method = method, .key = key, .body = body };

	return send_shot(s, &shot);
}

static struct http_request list(const struct storage *s, const char *prefix)
{
	struct shot shot = { .method = "GET",
			     .query = { { "list-type", "2" }, { "prefix", prefix } },
			     .n_query = 2 };

	return send_shot(s, &shot);
}

static bool worked(const struct http_request *r)
{
	return !r->result && r->code >= 200 && r->code < 300;
}

static bool told(const struct http_request *r, const char *text)
{
	return !r->result && r->n_answer && memmem(r->answer, r->n_answer, text, strlen(text));
}

/* --- pairs of folders ------------------------------------------------------------------------- */

/* Two folders that tables can have: in the warehouse, none in the other. */
static bool place(const char *name, struct location *out)
{
	struct cx own = { 0 };
	struct location l;
	bool good = !location_parse(&own, cx_printf(&own, "%s/%s", storage.root, name), &l) &&
		    !storage_covers(&own, &storage, &l);

	cx_free(&own);
	return good && !location_parse(&cx, cx_printf(&cx, "%s/%s", storage.root, name), out);
}

/* Servers that keep objects as files have no room for these. */
static bool storable(const struct location *l)
{
	struct http_request r =
		object(&storage, "PUT", cx_printf(&cx, "%s/secret", l->path + 1), SECRET);

	return worked(&r);
}

/* --- one pair ------------------------------------------------------------------------------- */

struct pair_of {
	struct location a, b;
	const char *ak, *bk; /* their keys, no slash at the end */
	struct storage session;
	unsigned verbs;
};

static enum status vend_for(struct pair_of *p)
{
	struct vend_scope scope = { .folders = { p->a }, .n = 1, .verbs = p->verbs };
	struct vend_request r = { .storage = &vendor,
				  .scope = &scope,
				  .owner = text_uuid4(&cx),
				  .warehouse = "w",
				  .who = "suite" };
	struct vended v;
	struct vault *vault;
	enum status s = vault_open(&cx, NULL, NULL, &vault);

	if (s)
		return s;
	s = vend(&cx, cloud, vault, &r, &v);
	vault_close(vault);
	if (s)
		return s;
	p->session = storage;
	p->session.access_key_id = v.storage.access_key_id;
	p->session.secret_access_key = v.storage.secret_access_key;
	p->session.session_token = v.storage.session_token;
	return OK;
}

static const char *said(const struct pair_of *p, const char *what)
{
	return cx_printf(&cx, "\"%s\" and \"%s\" (verbs %u): %s", p->ak, p->bk, p->verbs, what);
}

/* The session is good for its own folder: else its refusals would say nothing. */
static void own_folder(const struct pair_of *p)
{
	const char *key = cx_printf(&cx, "%s/own", p->ak);
	struct http_request r = object(&p->session, "PUT", key, OWN);

	check(worked(&r) == !!(p->verbs & VEND_WRITE),
	      said(p, cx_printf(&cx, "PUT in the own folder: %d %s", r.code,
				r.n_answer ? r.answer : "")));
	if (!(p->verbs & VEND_WRITE))
		(void)object(&storage, "PUT", key, OWN);
	r = object(&p->session, "GET", key, NULL);
	check(worked(&r) && told(&r, OWN),
	      said(p, cx_printf(&cx, "GET in the own folder: %d", r.code)));
	r = list(&p->session, cx_printf(&cx, "%s/", p->ak));
	check(worked(&r) && told(&r, "own</Key>"),
	      said(p, cx_printf(&cx, "LIST of the own folder: %d", r.code)));
	r = object(&p->session, "DELETE", key, NULL);
	check(worked(&r) == !!(p->verbs & VEND_DELETE),
	      said(p, cx_printf(&cx, "DELETE in the own folder: %d", r.code)));
}

static const char *xml_escaped(const char *s)
{
	struct text t = text_open(&cx, 65536);

	for (; *s; s++)
		if (strchr("<>&", *s))
			text_addf(&t, "&#%d;", *s);
		else
			text_addc(&t, *s);
	return t.s;
}

static void reads(const struct pair_of *p, const char *key)
{
	struct http_request r = object(&p->session, "GET", key, NULL);

	check(!told(&r, SECRET), said(p, cx_printf(&cx, "LEAK: GET %s", key)));
}

static void lists(const struct pair_of *p, const char *prefix)
{
	struct http_request r = list(&p->session, prefix);

	check(!told(&r, "secret</Key>"), said(p, cx_printf(&cx, "LEAK: LIST %s", prefix)));
}

static void copies(const struct pair_of *p)
{
	struct text source = text_open(&cx, 8192);
	const char *to = cx_printf(&cx, "%s/copy", p->ak);
	struct shot shot = { .method = "PUT", .key = to };
	struct http_request r;

	text_addf(&source, "/%s/", storage.bucket);
	text_add_percent(&source, p->bk, strlen(p->bk), true);
	text_add(&source, "/secret");
	shot.copy_source = source.s;
	(void)send_shot(&p->session, &shot);
	r = object(&storage, "GET", to, NULL);
	check(!told(&r, SECRET), said(p, "LEAK: a copy of the other's"));
}

static void deletes_many(const struct pair_of *p)
{
	struct shot shot = { .method = "POST", .query = { { "delete", "" } }, .n_query = 1 };

	shot.body = cx_printf(&cx, "<Delete><Object><Key>%s/secret</Key></Object></Delete>",
			      xml_escaped(p->bk));
	(void)send_shot(&p->session, &shot);
}

/* The ways from a's folder to b's that some file system or router may go. */
static void by_detours(const struct pair_of *p)
{
	static const char *const ups[] = { "/../",	"/%2e%2e/", "//../",  "/./../",
					   "/x/../../", "/..%2f",   "/\\..\\" };
	const char *b = p->bk + strlen("w/");

	for (size_t i = 0; i < ARRAY_SIZE(ups); i++) {
		const char *key = cx_printf(&cx, "%s%s%s/secret", p->ak, ups[i], b);

		reads(p, key);
		(void)object(&p->session, "DELETE", key, NULL);
		(void)object(&p->session, "PUT", cx_printf(&cx, "%s%s%s/new", p->ak, ups[i], b),
			     "x");
	}
	lists(p, cx_printf(&cx, "%s/../%s/", p->ak, b));
}

static void other_folder(const struct pair_of *p, bool detours)
{
	const char *secret = cx_printf(&cx, "%s/secret", p->bk);
	const char *fresh = cx_printf(&cx, "%s/new", p->bk);
	struct http_request r;

	reads(p, secret);
	(void)object(&p->session, "PUT", fresh, "x");
	(void)object(&p->session, "PUT", secret, "x");
	(void)object(&p->session, "DELETE", secret, NULL);
	lists(p, cx_printf(&cx, "%s/", p->bk));
	lists(p, p->ak);
	lists(p, "w/");
	lists(p, "");
	copies(p);
	deletes_many(p);
	if (detours)
		by_detours(p);
	r = object(&storage, "GET", secret, NULL);
	check(worked(&r) && told(&r, SECRET),
	      said(p, "LEAK: the other's file was changed or removed"));
	r = object(&storage, "GET", fresh, NULL);
	check(r.code == 404, said(p, "LEAK: a file was written to the other's folder"));
	(void)object(&storage, "DELETE", fresh, NULL);
}

/* A folder of the name of which there is no pattern that all servers read alike. */
static bool cannot_be_said(const char *name)
{
	for (const char *c = name; *c; c++)
		if (strchr("*$", *c) || (unsigned char)*c >= 0x80)
			return true;
	return false;
}

/* Two tables can't have folders that location rows take for one, or for one in the other. */
static bool overlap(const struct location *a, const struct location *b)
{
	struct location x = *a, y = *b;

	x.path = storage_claim(&cx, &storage, a);
	y.path = storage_claim(&cx, &storage, b);
	return location_within(&x, &y) || location_within(&y, &x);
}

static void one_pair(const char *a, const char *b, unsigned verbs)
{
	struct pair_of p = { .verbs = verbs };
	enum status s;

	if (!place(a, &p.a) || !place(b, &p.b) || overlap(&p.a, &p.b))
		return;
	p.ak = p.a.path + 1;
	p.bk = p.b.path + 1;
	s = vend_for(&p);
	if (s == INVALID && cannot_be_said(a)) {
		refused_names++;
		return;
	}
	pairs++;
	check(!s, said(&p, cx_printf(&cx, "no session: %s", cx.message)));
	if (s || !storable(&p.b))
		return;
	own_folder(&p);
	other_folder(&p, pairs % 4 == 0);
	(void)object(&storage, "DELETE", cx_printf(&cx, "%s/secret", p.bk), NULL);
	(void)object(&storage, "DELETE", cx_printf(&cx, "%s/own", p.ak), NULL);
}

/* --- signatures ------------------------------------------------------------------------------ */

/* Sends a request as it was signed for the folder w/signed/a by these keys; `more` was
 * not part of it. */
static struct http_request send_signed(const struct storage *keys, const char *method,
				       const char *path, const char *body, const struct pair *more)
{
	struct vend_scope scope = { .n = 1, .verbs = VEND_READ | VEND_WRITE | VEND_DELETE };
	struct sign_request r = { .method = method,
				  .uri = cx_printf(&cx, "%s/%s%s", storage.endpoint, storage.bucket,
						   path),
				  .headers = json_new_object(&cx),
				  .body = body };
	struct http_request out = { .method = method, .max_answer = 1 << 20 };
	struct sign_answer a;
	struct pair *headers;
	enum status s;

	(void)place("signed/a", &scope.folders[0]);
	s = sign_request(&cx, keys, &scope, &r, cx_now_ms(), &a);
	check(!s, cx_printf(&cx, "%s %s is signed", method, path));
	if (s)
		return out;
	headers = cx_array(&cx, a.n_headers + 2, sizeof(*headers));
	memcpy(headers, a.headers, a.n_headers * sizeof(*headers));
	out.n_headers = a.n_headers;
	if (more)
		headers[out.n_headers++] = *more;
	if (body && !strcmp(method, "POST"))
		headers[out.n_headers++] = (struct pair){ "Content-MD5", md5_of(body) };
	out.url = a.uri;
	out.headers = headers;
	out.body = body;
	out.n_body = body ? strlen(body) : 0;
	http_perform(&cx, http, &out, 1);
	tries++;
	return out;
}

/* A PUT is signed; sent is a copy of the other table's file. */
static bool steals(const struct storage *keys)
{
	struct pair more = { "x-amz-copy-source",
			     cx_printf(&cx, "/%s/w/signed/b/secret", storage.bucket) };
	struct http_request r;

	(void)send_signed(keys, "PUT", "/w/signed/a/stolen", "", &more);
	r = object(&storage, "GET", "w/signed/a/stolen", NULL);
	return told(&r, SECRET);
}

static void signatures(const struct storage *keys)
{
	struct http_request r;

	r = send_signed(keys, "PUT", "/w/signed/a/f%20%2B%3D%C3%A9", OWN, NULL);
	check(worked(&r), cx_printf(&cx, "a signed PUT is taken: %d %s", r.code, r.answer));
	r = send_signed(keys, "GET", "/w/signed/a/f%20%2B=%C3%A9?x-id=GetObject", NULL, NULL);
	check(worked(&r) && told(&r, OWN), "a signed GET is answered");
	r = send_signed(keys, "GET", "?list-type=2&prefix=w/signed/a/&delimiter=%2F", NULL, NULL);
	check(worked(&r) && told(&r, "</Key>") && !told(&r, "secret"), "a signed LIST is answered");
	r = send_signed(keys, "POST", "?delete",
			"<Delete><Object><Key>w/signed/a/f +=\xc3\xa9</Key></Object></Delete>",
			NULL);
	check(worked(&r) && told(&r, "<Deleted>"),
	      cx_printf(&cx, "a signed deletion is done: %d %s", r.code, r.answer));
	r = send_signed(keys, "DELETE", "/w/signed/a/f", NULL, NULL);
	check(worked(&r), "a signed DELETE is done");
}

/* By the keys that may do everything, and by a session of the folder alone. */
static void signatures_by_both(void)
{
	struct pair_of p = { .verbs = VEND_READ | VEND_WRITE | VEND_DELETE };
	struct http_request r = object(&storage, "PUT", "w/signed/b/secret", SECRET);

	check(worked(&r) && place("signed/a", &p.a) && !vend_for(&p), "a session to sign with");
	signatures(&storage);
	signatures(&p.session);
	check(!steals(&p.session), "LEAK: a header that was not signed, by a session's keys");
	(void)object(&storage, "DELETE", "w/signed/a/stolen", NULL);
	if (steals(&storage))
		puts("note: this server takes headers that were not signed");
	cx_reset(&cx);
}

/* --- the run --------------------------------------------------------------------------------- */

/* Pairs that people have, and those that other catalogs let through. */
static const char *const known[][2] = {
	{ "t", "t2" },
	{ "t", "T" },
	{ "t", "tt" },
	{ "t2", "t" },
	{ "a/t", "a/t2" },
	{ "a/t", "a2/t" },
	{ "t", "t%2e" },
	{ "t*", "tx" },
	{ "*", "t" },
	{ "t$", "t" },
	{ "${*}", "t" },
	{ "t.", "t" },
	{ "t", "t." },
	{ "t ", "t" },
	{ "t'", "t" },
	{ "t\"", "t" },
	{ "x=1", "x=10" },
	{ "%2e", "%2e%2e" },
	{ "\xc3\xa9", "e\xcc\x81" },
};

static void run(unsigned count)
{
	static const unsigned verbs[] = { VEND_READ, VEND_READ | VEND_WRITE,
					  VEND_READ | VEND_WRITE | VEND_DELETE };

	for (size_t i = 0; i < ARRAY_SIZE(known) * ARRAY_SIZE(verbs); i++) {
		one_pair(known[i / ARRAY_SIZE(verbs)][0], known[i / ARRAY_SIZE(verbs)][1],
			 verbs[i % ARRAY_SIZE(verbs)]);
		cx_reset(&cx);
	}
	while ((unsigned)pairs < count) {
		const char *a;

		cx.deadline_ms = cx_monotonic_ms() + 60000;
		a = random_name(&cx);
		one_pair(a, neighbour(&cx, a), verbs[pick(ARRAY_SIZE(verbs))]);
		cx_reset(&cx);
		if (pairs % 1000 == 999)
			printf("%d pairs, %d requests\n", pairs, tries);
	}
}

static void make_bucket(void)
{
	struct shot shot = { .method = "PUT" };
	struct http_request r = send_shot(&storage, &shot);

	check(worked(&r), "a bucket");
}

int main(int argc, char **argv)
{
	struct cloud_limits limits = { .object_max_bytes = 1 << 20 };
	struct http_limits http_limits = { 0 };

	if (argc != 8) {
		fputs("usage: vend_suite URL KEY SECRET ROLE_ARN VENDOR_KEY VENDOR_SECRET COUNT\n",
		      stderr);
		return 2;
	}
	storage = (struct storage){ .scheme = "s3",
				    .region = "us-east-1",
				    .endpoint = argv[1],
				    .path_style = true,
				    .access_key_id = argv[2],
				    .secret_access_key = argv[3] };
	storage.bucket = cx_printf(&life, "vend-%.8s", text_uuid4(&life));
	storage.root = cx_printf(&life, "s3://%s/w", storage.bucket);
	vendor = storage;
	vendor.role_arn = argv[4];
	vendor.access_key_id = argv[5];
	vendor.secret_access_key = argv[6];
	vendor.vending = VEND_SESSION;
	seed = (uint64_t)text_random62();
	printf("seed %llu\n", (unsigned long long)seed);
	http = http_open(&http_limits);
	if (cloud_open(&cx, &limits, &cloud))
		return 2;
	make_bucket();
	signatures_by_both();
	run((unsigned)strtoul(argv[7], NULL, 10));
	http_close(http);
	cloud_close(cloud);
	cx_free(&cx);
	cx_free(&life);
	printf("note: %d pairs of folders, %d requests with the wrong credential or right; for %d "
	       "names no session is given\n",
	       pairs, tries, refused_names);
	printf("%d passed, %d failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
