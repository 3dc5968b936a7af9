/* SPDX-License-Identifier: Apache-2.0 */
/* test_steps.c - what a commit does step by step: killed before each of them, on a failing or slow disk, counted. */
#include "tests/unit/rest.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define COMMIT "/v1/c/transactions/commit"

/* What the responders and the test share. */
static struct shared {
	int left;				/* steps until the responder is killed; 0 = never */
	int sync_failures;			/* how many of the store's syncs to come fail */
	useconds_t sync_us;			/* how long one of any other file takes */
	size_t parses, parsed, prints, printed; /* calls and bytes of large texts */
} * shared;

static bool in_responder; /* a responder's own copy is true */

/* --- steps --------------------------------------------------------------------------------- */

/*
 * These stand before libc's for all of the program and the libraries it uses: each
 * call that changes anything outside of the process, the answer's included, is a
 * step.  In the test's own process they are what they always are.
 */
static void step(void)
{
	if (in_responder && shared->left > 0 && --shared->left == 0)
		kill(getpid(), SIGKILL);
}

#define STEP(type, name, number, parameters, ...)                                                  \
	type name parameters                                                                       \
	{                                                                                          \
		step();                                                                            \
		return (type)syscall(number, __VA_ARGS__);                                         \
	}

STEP(ssize_t, write, SYS_write, (int fd, const void *bytes, size_t n), fd, bytes, n)
STEP(ssize_t, writev, SYS_writev, (int fd, const struct iovec *v, int n), fd, v, n)
STEP(ssize_t, pwrite, SYS_pwrite64, (int fd, const void *bytes, size_t n, off_t at), fd, bytes, n,
     at)
STEP(ssize_t, pwrite64, SYS_pwrite64, (int fd, const void *bytes, size_t n, off64_t at), fd, bytes,
     n, at)
STEP(int, ftruncate, SYS_ftruncate, (int fd, off_t n), fd, n)
STEP(int, ftruncate64, SYS_ftruncate, (int fd, off64_t n), fd, n)
STEP(int, mkdirat, SYS_mkdirat, (int at, const char *path, mode_t mode), at, path, mode)
STEP(int, unlinkat, SYS_unlinkat, (int at, const char *path, int flags), at, path, flags)
STEP(int, linkat, SYS_linkat, (int at, const char *from, int to_at, const char *to, int flags), at,
     from, to_at, to, flags)
STEP(int, renameat, SYS_renameat2, (int at, const char *from, int to_at, const char *to), at, from,
     to_at, to, 0)

/* A killed process loses nothing that it wrote: there is no need to wait for the disk. */
int fsync(int fd)
{
	(void)fd;
	step();
	if (in_responder)
		usleep(shared->sync_us);
	return 0;
}

/* Only the store's log is synced by this. */
int fdatasync(int fd)
{
	(void)fd;
	step();
	if (!in_responder || shared->sync_failures == 0)
		return 0;
	shared->sync_failures--;
	errno = EIO;
	return -1;
}

static int run_watched(void)
{
	in_responder = true;
	return run();
}

static void start_watched(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	start();
	expect("GET", "/v1/config", NULL, 200, NULL);
	ck_assert_int_eq(responder_stop(&responder), 0);
	responder_again(&responder, run_watched);
}

/* --- killed before each step ------------------------------------------------------------------ */

#define PUT                                                                                        \
	"\"requirements\":[],\"updates\":[{\"action\":\"set-properties\",\"updates\":{\"k\":\"v%"  \
	"d\"}}]"

/* Two tables changed and one made; %d: the round. */
#define TRANSACTION                                                                                \
	"{\"table-changes\":["                                                                     \
	"{\"identifier\":{\"namespace\":[\"a\"],\"name\":\"t\"}," PUT "},"                         \
	"{\"identifier\":{\"namespace\":[\"a\"],\"name\":\"x%d\"}," STAGED_BODY(                   \
		"$W/x%d") "},"                                                                     \
			  "{\"identifier\":{\"namespace\":[\"a\"],\"name\":\"u\"}," PUT "}]}"

static bool shows(const char *uri, const char *text)
{
	struct fcgi_answer a = call("GET", uri, NULL);

	ck_assert_msg(a.status == 200 || a.status == 404, "%s: %d", uri, a.status);
	return a.status == 200 && strstr(a.body, text);
}

/* How many of the three tables show the round. */
static int tables_that_show(int round)
{
	const char *value = cx_printf(&cx, "\"k\":\"v%d\"", round);

	return shows(T "/t", value) + shows(T "/u", value) +
	       shows(cx_printf(&cx, T "/x%d", round), "\"metadata\"");
}

/* True where it was killed. */
static bool try_killed(int round, int steps, int *shown)
{
	struct fcgi_answer a;
	int status;

	shared->left = steps;
	a = call("POST", COMMIT, cx_printf(&cx, TRANSACTION, round, round, round, round));
	shared->left = 0;
	if (a.status) {
		ck_assert_msg(a.status == 204, "%d: %s", a.status, a.body);
		*shown = tables_that_show(round);
		return false;
	}
	ck_assert_int_eq(waitpid(responder.pid, &status, 0), responder.pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* what the rows name is read from its files */
	ck_assert_int_eq(system(cx_printf(&cx, "rm -rf %s/cache-tables", folder)), 0);
	responder_again(&responder, run_watched);
	*shown = tables_that_show(round);
	return true;
}

/* How the rounds ended. */
struct tally {
	int rounds, none, all, whole;
};

/* From that step on, until five rounds came to their end: how many steps there are
 * differs by a few, because the store does not always write as many pages. */
static void sweep(struct tally *n, int steps)
{
	for (int whole = 0, shown; whole < 5; steps++) {
		bool killed = try_killed(++n->rounds, steps, &shown);

		ck_assert_msg(shown == 3 || (killed && shown == 0),
			      "killed before step %d: %d of 3 tables", steps, shown);
		whole += !killed;
		n->none += shown == 0;
		n->all += killed && shown == 3;
		n->whole = steps;
		if (steps % 8 == 0) /* lets the store tidy up: its log would grow for ever */
			ck_assert(!try_killed(++n->rounds, 0, &shown) && shown == 3);
	}
}

START_TEST(test_killed)
{
	struct tally n = { 0 };

	make_t();
	expect("POST", T, "{\"name\":\"u\"," SCHEMA "}", 200, NULL);
	sweep(&n, 1);
	for (int i = 0; i < 2; i++) /* the few steps after the one that decides */
		sweep(&n, n.whole - 14);
	ck_assert_int_gt(n.none, 20);
	ck_assert_int_gt(n.all, 7);
	printf("killed before each step: %d times nothing was done, %d times all\n", n.none, n.all);
}
END_TEST

/* --- what is not sure, and what is late --------------------------------------------------------- */

static void use_timeout(const char *ms)
{
	setenv("PANGOLIN_REQUEST_TIMEOUT_MS", ms, 1);
	expect("GET", "/v1/config", NULL, 200, NULL);
	ck_assert_int_eq(responder_stop(&responder), 0);
	responder_again(&responder, run_watched);
	make_t();
	expect("POST", T, "{\"name\":\"u\"," SCHEMA "}", 200, NULL);
}

static struct fcgi_answer transaction(int round)
{
	return call("POST", COMMIT, cx_printf(&cx, TRANSACTION, round, round, round, round));
}

/* The disk fails under the store's COMMIT, once: the list is run again, and stands. */
START_TEST(test_resolved)
{
	use_timeout("10000");
	shared->sync_failures = 1;
	ck_assert_int_eq(transaction(1).status, 204);
	ck_assert_int_eq(shared->sync_failures, 0);
	ck_assert_int_eq(tables_that_show(1), 3);
}
END_TEST

/* It fails until the deadline: nobody knows, so the answer says that and no file is removed. */
START_TEST(test_unknown)
{
	struct fcgi_answer a;
	int files, shown;

	use_timeout("1500");
	files = files_in(root);
	shared->sync_failures = 1 << 30;
	a = transaction(1);
	shared->sync_failures = 0;
	ck_assert_int_eq(a.status, 500);
	ck_assert_ptr_nonnull(strstr(a.body, "CommitStateUnknownException"));
	ck_assert_int_eq(files_in(root), files + 3);
	shown = tables_that_show(1);
	ck_assert_msg(shown == 0 || shown == 3, "%d of 3 tables", shown);
	ck_assert_int_eq(transaction(2).status, 204);
	ck_assert_int_eq(tables_that_show(2), 3);
}
END_TEST

/* Files took so long that the store's answer might come too late: it is not asked, and since
 * something was written the client is not told to send the commit again as it is. */
START_TEST(test_late)
{
	struct fcgi_answer a;
	int files;

	use_timeout("2000");
	files = files_in(root);
	shared->sync_us = 215000; /* eight of them: more than 1600 ms */
	a = transaction(1);
	shared->sync_us = 0;
	ck_assert_msg(a.status == 409, "%d: %s", a.status, a.body);
	ck_assert_ptr_nonnull(strstr(a.body, "CommitFailedException"));
	ck_assert_ptr_nonnull(strstr(a.body, "Commit failed: "));
	ck_assert_int_eq(files_in(root), files);
	ck_assert_int_eq(tables_that_show(1), 0);
}
END_TEST

/* --- parsed and printed once ------------------------------------------------------------------- */

#define LARGE 1000000 /* bytes: the whole metadata; what snapshots=refs answers is smaller */

struct json_object *json_tokener_parse_ex(struct json_tokener *tok, const char *text, int n)
{
	struct json_object *(*real)(struct json_tokener *, const char *, int);

	*(void **)&real = dlsym(RTLD_NEXT, "json_tokener_parse_ex");
	if (in_responder && n > LARGE) {
		shared->parses++;
		shared->parsed += (size_t)n;
	}
	return real(tok, text, n);
}

const char *json_object_to_json_string_length(struct json_object *v, int flags, size_t *n)
{
	const char *(*real)(struct json_object *, int, size_t *);
	const char *text;

	*(void **)&real = dlsym(RTLD_NEXT, "json_object_to_json_string_length");
	text = real(v, flags, n);
	if (in_responder && *n > LARGE) {
		shared->prints++;
		shared->printed += *n;
	}
	return text;
}

#define SNAPSHOTS 9000

static void add_snapshots(FILE *f, bool log)
{
	for (int i = 1; i <= SNAPSHOTS; i++)
		if (log)
			fprintf(f, "%s{\"snapshot-id\":%d,\"timestamp-ms\":%d}", i > 1 ? "," : "",
				i, 1000 + i);
		else
			fprintf(f,
				"%s{\"snapshot-id\":%d,\"sequence-number\":%d,\"timestamp-ms\":%d,"
				"\"manifest-list\":\"file://%s/big/metadata/%d.avro\",\"summary\":{"
				"\"operation\":\"append\",\"added-records\":\"17\"},\"schema-id\":"
				"0}",
				i > 1 ? "," : "", i, i, 1000 + i, root, i);
}

/* A metadata file as an engine would have left it; registered as a.big. */
static int64_t make_big(void)
{
	const char *path = cx_printf(&cx, "%s/big/metadata/00000-x.metadata.json", root);
	struct stat st_;
	FILE *f;

	ck_assert_int_eq(system(cx_printf(&cx, "mkdir -p %s/big/metadata", root)), 0);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f,
		"{\"format-version\":2,\"table-uuid\":\"11111111-1111-4111-8111-111111111112\","
		"\"location\":\"file://%s/"
		"big\",\"last-sequence-number\":%d,\"last-updated-ms\":20000,"
		"\"last-column-id\":1,\"current-schema-id\":0,\"schemas\":[{\"schema-id\":0,"
		"\"type\":\"struct\",\"fields\":[{\"id\":1,\"name\":\"id\",\"type\":\"long\","
		"\"required\":false}]}],\"default-spec-id\":0,\"partition-specs\":[{\"spec-id\":0,"
		"\"fields\":[]}],\"last-partition-id\":999,\"default-sort-order-id\":0,"
		"\"sort-orders\":[{\"order-id\":0,\"fields\":[]}],\"properties\":{},"
		"\"current-snapshot-id\":%d,\"refs\":{\"main\":{\"snapshot-id\":%d,"
		"\"type\":\"branch\"}},\"snapshots\":[",
		root, SNAPSHOTS, SNAPSHOTS, SNAPSHOTS);
	add_snapshots(f, false);
	fprintf(f, "],\"snapshot-log\":[");
	add_snapshots(f, true);
	fprintf(f, "]}");
	fclose(f);
	ck_assert_int_eq(stat(path, &st_), 0);
	expect("POST", "/v1/c/namespaces", "{\"namespace\":[\"a\"]}", 200, NULL);
	last_location = cx_printf(&cx, "file://%s", path);
	expect("POST", "/v1/c/namespaces/a/register",
	       "{\"name\":\"big\",\"metadata-location\":\"$M\"}", 200, NULL);
	return st_.st_size;
}

static const char append[] =
	"{\"requirements\":[{\"type\":\"assert-ref-snapshot-id\",\"ref\":\"main\",\"snapshot-id\":"
	"9000}],"
	"\"updates\":[{\"action\":\"add-snapshot\",\"snapshot\":{\"snapshot-id\":9001,"
	"\"parent-snapshot-id\":9000,\"sequence-number\":9001,\"timestamp-ms\":30000,"
	"\"manifest-list\":\"$W/big/metadata/9001.avro\",\"summary\":{\"operation\":\"append\"},"
	"\"schema-id\":0}},{\"action\":\"set-snapshot-ref\",\"ref-name\":\"main\","
	"\"type\":\"branch\",\"snapshot-id\":9001}]}";

START_TEST(test_once)
{
	int64_t size = make_big();
	struct shared before = *shared;

	ck_assert_int_gt(size, LARGE);
	ck_assert_uint_eq(before.parses, 1); /* the registration reads it, and writes nothing */
	ck_assert_uint_eq(before.prints, 0);
	expect("POST", T "/big", append, 200, "\"current-snapshot-id\":9001");
	ck_assert_uint_eq(shared->parses - before.parses, 1);
	ck_assert_uint_eq(shared->parsed - before.parsed, (size_t)size);
	ck_assert_uint_eq(shared->prints - before.prints, 1);
	ck_assert_uint_ge(shared->printed - before.printed, (size_t)size);
	before = *shared;
	expect("GET", T "/big", NULL, 200, "\"current-snapshot-id\":9001");
	ck_assert_uint_eq(shared->parses + shared->prints, before.parses + before.prints);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("steps");
	TCase *t = tcase_create("steps");

	tcase_add_checked_fixture(t, start_watched, end);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, test_killed);
	tcase_add_test(t, test_resolved);
	tcase_add_test(t, test_unknown);
	tcase_add_test(t, test_late);
	tcase_add_test(t, test_once);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *r = srunner_create(suite());
	int failed;

	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
