/* SPDX-License-Identifier: Apache-2.0 */
/* s3_suite.c - what object IO must do on a real S3 server.
 *
 *	s3_suite URL KEY SECRET [--domain DOMAIN] [--https URL --ca FILE] [--role ARN KEY SECRET] [--trust FILE]
 *
 * --domain: buckets are also names under it, at URL's port.  --role: KEY and
 * SECRET may assume it.  --trust: the authorities of an https URL.  Makes a bucket of its own.  */
#include "vending/cloud.h"

#include <sys/wait.h>
#include <unistd.h>

#include "common/hmac.h"
#include "common/text.h"
#include "vending/http.h"
#include "vending/sigv4.h"
#include "vending/xml.h"

static struct cx cx;
static struct cloud *cloud;
static struct storage storage;
static const char *trusted; /* file of authorities, or NULL */
static int passed, failed;

static void check(bool good, const char *what)
{
	passed += good;
	failed += !good;
	printf("%s %s%s%s\n", good ? "ok     " : "FAILED ", what, good ? "" : ": ",
	       good ? "" : cx.message);
	fflush(stdout);
}

static struct cloud *open_cloud(const char *ca_file)
{
	struct cloud_limits limits = { .object_max_bytes = 16 << 20,
				       .ca_file = ca_file ? ca_file : trusted };
	struct cloud *c;

	if (cloud_open(&cx, &limits, &c))
		exit(2);
	return c;
}

static char *at(const char *name)
{
	return cx_printf(&cx, "s3://%s/w/%s", storage.bucket, name);
}

static enum status put(const char *name, const char *text)
{
	return cloud_put(&cx, cloud, &storage, at(name), text, strlen(text));
}

static bool holds(const char *name, const char *text)
{
	const char *bytes = "";
	size_t n = 0;
	int64_t size = -1;

	return !cloud_get(&cx, cloud, &storage, at(name), &bytes, &n) && n == strlen(text) &&
	       !memcmp(bytes, text, n) && !cloud_stat(&cx, cloud, &storage, at(name), &size) &&
	       size == (int64_t)n;
}

/* --- requests the catalog has no call for -------------------------------------- */

static struct sigv4 signer(const char *method, const char *path, const char *service)
{
	return (struct sigv4){ .method = method,
			       .path = path,
			       .region = storage.region,
			       .service = service,
			       .access_key_id = storage.access_key_id,
			       .secret_access_key = storage.secret_access_key,
			       .payload = SIGV4_EMPTY,
			       .now_ms = cx_now_ms() };
}

static struct http_request send_signed(struct sigv4 sign, const char *body, const char *body_sha256)
{
	struct pair headers[4] = { { "x-amz-date", sigv4_time(&cx, sign.now_ms) },
				   { "x-amz-content-sha256", body_sha256 },
				   { "Content-Type", "application/x-www-form-urlencoded" },
				   { "Host", strstr(storage.endpoint, "//") + 2 } };
	struct http_limits limits = { .ca_file = trusted };
	struct http *h = http_open(&limits);
	struct http_request r = { .method = sign.method,
				  .url = cx_printf(&cx, "%s%s", storage.endpoint,
						   sigv4_path(&cx, sign.path)),
				  .body = body,
				  .n_body = strlen(body),
				  .max_answer = 1 << 16,
				  .headers = headers,
				  .n_headers = 4 };

	sign.headers = headers;
	sign.n_headers = 4;
	sign.payload = body_sha256;
	headers[3] = (struct pair){ "Authorization", sigv4_authorization(&cx, &sign) };
	http_perform(&cx, h, &r, 1);
	http_close(h);
	return r;
}

static void makes_a_bucket(void)
{
	struct http_request r = send_signed(
		signer("PUT", cx_printf(&cx, "/%s", storage.bucket), "s3"), "", SIGV4_EMPTY);

	(void)fail(&cx, OK, "%d %s", r.code, r.problem ? r.problem : r.answer);
	check(!r.result && r.code == 200, "a signed request makes a bucket");
}

/* --- the suite -------------------------------------------------------------------- */

static const char *const names[] = {
	"plain",      "with space", " space around ",
	"100%",	      "%20",	    "a+b=c&d",
	"~tilde",     "!()',;:@$*", "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x90\xbc",
	"...",	      ".hidden",    "a=b/c=d e/f%2Fg",
	"q\"<>^`{|}",
};

static void keys(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *folder = cx_printf(&cx, "keys-%zu", i);
		const char *name = cx_printf(&cx, "%s/%s", folder, names[i]);
		struct cloud_entry *e;
		size_t n = 0;
		bool more, listed;

		check(!put(name, names[i]) && holds(name, names[i]),
		      cx_printf(&cx, "\"%s\" is put and read", names[i]));
		listed = !cloud_list(&cx, cloud, &storage, at(folder), NULL, &e, &n, &more) &&
			 n == 1 && !strcmp(e[0].location, at(name)) &&
			 e[0].size == (int64_t)strlen(names[i]) &&
			 llabs(e[0].modified_ms - cx_now_ms()) < 60000;
		check(listed, cx_printf(&cx, "\"%s\" is listed", names[i]));
		check(!cloud_remove(&cx, cloud, &storage, at(name)) && !holds(name, names[i]),
		      cx_printf(&cx, "\"%s\" is removed", names[i]));
	}
}

static void create_only(void)
{
	const char *bytes;
	size_t n;
	int64_t size;
	struct cloud_object objects[3] = { { at("all/1"), "x", 1 },
					   { at("once"), "x", 1 },
					   { at("all/2"), "x", 1 } };

	check(!put("once", "first"), "a new object is put");
	check(put("once", "second") == EXISTS, "an object is not put twice");
	check(holds("once", "first"), "the first one stays");
	check(cloud_put_all(&cx, cloud, &storage, objects, 3) == EXISTS,
	      "one of three is there already");
	check(!holds("all/1", "x") && !holds("all/2", "x") && holds("once", "first"),
	      "the others are taken back");
	objects[1].location = at("all/3");
	check(!cloud_put_all(&cx, cloud, &storage, objects, 3), "three are put together");
	check(cloud_get(&cx, cloud, &storage, at("never"), &bytes, &n) == NOT_FOUND,
	      "a missing object is not found");
	check(cloud_stat(&cx, cloud, &storage, at("never"), &size) == NOT_FOUND,
	      "its size neither");
	check(!cloud_remove(&cx, cloud, &storage, at("never")), "removing it is no failure");
}

static void one_writer_wins(void)
{
	int won = 0, odd = 0, code;

	for (int p = 0; p < 8; p++) {
		if (fork())
			continue;
		cloud = open_cloud(NULL);
		for (int i = 0; i < 5; i++) {
			enum status s = put(cx_printf(&cx, "race/%d", i), cx_printf(&cx, "%d", p));

			won += s == OK;
			if (s != OK && s != EXISTS)
				_exit(255);
		}
		_exit(won);
	}
	for (int p = 0; p < 8; p++) {
		wait(&code);
		odd += WEXITSTATUS(code) == 255;
		won += WEXITSTATUS(code) == 255 ? 0 : WEXITSTATUS(code);
	}
	(void)fail(&cx, OK, "%d won, %d had other failures", won, odd);
	check(won == 5 && !odd, "of eight writers of five objects each time one wins");
}

static void sizes(void)
{
	size_t big = 6 << 20;
	char *text = cx_alloc(&cx, big + 1);
	const char *bytes = "";
	size_t n = 0;

	check(!put("size/0", "") && holds("size/0", ""), "an empty object");
	for (size_t i = 0; i < big; i++)
		text[i] = (char)('a' + i % 23);
	check(!put("size/big", text), "6 MiB are put");
	check(!cloud_get(&cx, cloud, &storage, at("size/big"), &bytes, &n) && n == big &&
		      !memcmp(text, bytes, n),
	      "6 MiB are read");
}

static void lists(void)
{
	enum { N = 2300 };
	struct cloud_object objects[N];
	struct cloud_entry *e;
	const char *after = NULL;
	size_t n, total = 0, pages = 0;
	bool more = true, ordered = true;

	for (int i = 0; i < N; i++)
		objects[i] =
			(struct cloud_object){ at(cx_printf(&cx, "list/%d/%d", i % 7, i)), "x", 1 };
	check(!cloud_put_all(&cx, cloud, &storage, objects, N), "2,300 objects are put");
	for (; more && pages < 10; pages++) {
		if (cloud_list(&cx, cloud, &storage, at("list"), after, &e, &n, &more))
			break;
		for (size_t i = 0; i < n; i++) {
			ordered = ordered && (!after || strcmp(after, e[i].location) < 0);
			after = e[i].location;
		}
		total += n;
	}
	(void)fail(&cx, OK, "%zu in %zu pages", total, pages);
	check(total == N && pages == 3 && !more, "2,300 objects are listed in 3 pages");
	check(ordered, "in the order of their keys");
	check(!cloud_list(&cx, cloud, &storage, at("nowhere"), NULL, &e, &n, &more) && !n && !more,
	      "a list of nothing");
	check(!cloud_list(&cx, cloud, &storage, at("list/1"), at("list/1/2"), &e, &n, &more) &&
		      !strcmp(e[0].location, at("list/1/2003")),
	      "a list from the middle");
}

static void refusals(void)
{
	const struct storage mine = storage;
	const char *bytes;
	size_t n;

	storage.secret_access_key = "wrongwrongwrong";
	check(put("no", "x") == DENIED, "a wrong secret is denied");
	check(!strstr(cx.message, "wrongwrong") && !strstr(cx.message, storage.access_key_id),
	      "and not told");
	storage.access_key_id = "NOBODYATALL";
	check(cloud_get(&cx, cloud, &storage, at("once"), &bytes, &n) == DENIED,
	      "an unknown key is denied");
	storage = mine;
	storage.bucket = "no-such-bucket-anywhere";
	storage.root = "s3://no-such-bucket-anywhere/w";
	check(put("no", "x") == INVALID, "a bucket that is not there is not written");
	check(strstr(cx.message, "NoSuchBucket") != NULL, "and told");
	check(cloud_get(&cx, cloud, &storage, at("no"), &bytes, &n) == INVALID, "nor read");
	storage = mine;
}

static void virtual_host(const char *domain)
{
	const struct storage mine = storage;

	storage.path_style = false;
	storage.endpoint = cx_printf(&cx, "http://%s%s", domain, strrchr(mine.endpoint, ':'));
	check(!put("by host/a b+c", "x") && holds("by host/a b+c", "x"), "virtual-host style");
	storage = mine;
	check(holds("by host/a b+c", "x"), "and it is the same object");
}

static void tls(const char *url, const char *ca_file)
{
	const struct storage mine = storage;
	struct cloud *plain = cloud;

	storage.endpoint = url;
	check(put("tls", "x") == UNAVAILABLE && strstr(cx.message, "certificate"),
	      "a certificate of an unknown authority is refused");
	cloud = open_cloud(ca_file);
	check(!put("tls", "x") && holds("tls", "x"), "with the authority's file it is accepted");
	storage.endpoint = cx_printf(&cx, "https://not-its-name.localhost%s", strrchr(url, ':'));
	check(put("tls2", "x") == UNAVAILABLE, "but not for another name");
	cloud_close(cloud);
	cloud = plain;
	storage = mine;
}

static void presigned(void)
{
	struct sigv4 sign = signer("GET", cx_printf(&cx, "/%s/w/once", storage.bucket), "s3");
	struct pair host = { "Host", strstr(storage.endpoint, "//") + 2 };
	struct http_limits limits = { .ca_file = trusted };
	struct http *h = http_open(&limits);
	struct http_request r = { .method = "GET", .max_answer = 1 << 16 };

	sign.headers = &host;
	sign.n_headers = 1;
	sign.payload = SIGV4_UNSIGNED;
	r.url = cx_printf(&cx, "%s%s?%s", storage.endpoint, sign.path,
			  sigv4_presign(&cx, &sign, 60, NULL));
	http_perform(&cx, h, &r, 1);
	(void)fail(&cx, OK, "%d %s", r.code, r.answer);
	check(!r.result && r.code == 200 && !strcmp(r.answer, "first"),
	      "a presigned URL is good for a read");
	http_close(h);
}

static void on_sts_element(void *arg, const char *name, const char *text)
{
	struct storage *s = arg;

	if (!strcmp(name, "AccessKeyId"))
		s->access_key_id = cx_strdup(&cx, text);
	else if (!strcmp(name, "SecretAccessKey"))
		s->secret_access_key = cx_strdup(&cx, text);
	else if (!strcmp(name, "SessionToken"))
		s->session_token = cx_strdup(&cx, text);
}

static void session(char **role)
{
	const struct storage mine = storage;
	struct text body = text_open(&cx, 4096);
	struct http_request r;

	text_add(&body, "Action=AssumeRole&Version=2011-06-15&RoleSessionName=suite&"
			"DurationSeconds=900&RoleArn=");
	text_add_percent(&body, role[0], strlen(role[0]), false);
	storage.access_key_id = role[1];
	storage.secret_access_key = role[2];
	r = send_signed(signer("POST", "/", "sts"), body.s, sha256_hex(&cx, body.s, body.len));
	(void)fail(&cx, OK, "%d %s", r.code, r.answer);
	check(!r.result && r.code == 200 &&
		      !xml_read(&cx, r.answer, r.n_answer, on_sts_element, &storage) &&
		      storage.session_token,
	      "STS gives a session");
	check(!put("session", "x") && holds("session", "x"),
	      "a session token is good for a put and a read");
	storage.session_token = "notatoken";
	check(put("session2", "x") != OK, "a wrong one is not");
	storage = mine;
}

static const char *trust_option(int argc, char **argv)
{
	for (int i = 4; i + 1 < argc; i++)
		if (!strcmp(argv[i], "--trust"))
			return argv[i + 1];
	return NULL;
}

static char **option(int argc, char **argv, const char *name, int n)
{
	for (int i = 4; i + n < argc; i++)
		if (!strcmp(argv[i], name))
			return argv + i + 1;
	return NULL;
}

int main(int argc, char **argv)
{
	char **o;

	if (argc < 4) {
		fputs("usage: s3_suite URL KEY SECRET [--domain DOMAIN] [--https URL --ca FILE] "
		      "[--role ARN KEY SECRET] [--trust FILE]\n",
		      stderr);
		return 2;
	}
	storage = (struct storage){ .scheme = "s3",
				    .region = "us-east-1",
				    .endpoint = argv[1],
				    .path_style = true,
				    .access_key_id = argv[2],
				    .secret_access_key = argv[3] };
	storage.bucket = cx_printf(&cx, "suite-%.8s", text_uuid4(&cx));
	storage.root = cx_printf(&cx, "s3://%s/w", storage.bucket);
	cx.deadline_ms = cx_monotonic_ms() + 300000;
	trusted = trust_option(argc, argv);
	cloud = open_cloud(NULL);
	makes_a_bucket();
	keys();
	create_only();
	one_writer_wins();
	sizes();
	lists();
	refusals();
	presigned();
	if ((o = option(argc, argv, "--domain", 1)))
		virtual_host(o[0]);
	if ((o = option(argc, argv, "--https", 3)))
		tls(o[0], o[2]);
	if ((o = option(argc, argv, "--role", 3)))
		session(o);
	cloud_close(cloud);
	cx_free(&cx);
	printf("%d passed, %d failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
