/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - conformance URL [case ...]: what every store must hold, on the store that URL names. */
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/seal.h"
#include "tests/conformance/conformance.h"

static const struct test_case *const tables[] = { change_cases, list_cases, race_cases,
						  crash_cases };

_Noreturn void t_fail(struct t *t, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "        %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s%s\n", *t->cx.message ? " | last message: " : "", t->cx.message);
	_exit(1);
}

void t_equal(struct t *t, const char *file, int line, const char *what, int64_t a, int64_t b)
{
	if (a != b)
		t_fail(t, file, line, "%s is %lld, not %lld", what, (long long)a, (long long)b);
}

static const char *status_name(enum status s)
{
	static const char *const names[] = { "OK",	 "INVALID",	"UNAUTHENTICATED",
					     "DENIED",	 "NOT_FOUND",	"EXISTS",
					     "CONFLICT", "UNSUPPORTED", "TOO_LARGE",
					     "LIMITED",	 "UNAVAILABLE", "UNKNOWN",
					     "INTERNAL" };

	return s < ARRAY_SIZE(names) ? names[s] : "?";
}

void t_want(struct t *t, const char *file, int line, const char *call, enum status want,
	    enum status have)
{
	if (want != have)
		t_fail(t, file, line, "%s is %s, not %s", call, status_name(have),
		       status_name(want));
}

void t_open(struct t *t)
{
	WANT(t, OK, store_open(&t->cx, t->url, t->key_path, false, &t->st));
}

void t_close(struct t *t)
{
	store_close(t->st);
	t->st = NULL;
}

int t_size(const struct t *t, int many, int few)
{
	return t->slow ? few : many * t->scale;
}

void t_settle(const struct t *t)
{
	if (t->remote)
		usleep(100000);
}

enum status t_apply(struct t *t, enum change_op op, struct row *row)
{
	struct change list[] = { { op, row } };

	return store_apply(&t->cx, t->st, list, 1, NULL);
}

/* --- workers -------------------------------------------------------------------- */

struct shared *t_shared(void)
{
	struct shared *s =
		mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED)
		abort();
	return s;
}

pid_t t_spawn(struct t *t, void (*work)(struct t *t, int number, struct shared *shared), int number,
	      struct shared *shared)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a case that fails leaves nobody behind */
		t_open(t);
		work(t, number, shared);
		t_close(t);
		_exit(0);
	}
	return pid;
}

void t_join(struct t *t, pid_t pid)
{
	int status;

	CHECK(t, waitpid(pid, &status, 0) > 0);
	if (status)
		t_fail(t, __FILE__, __LINE__, "a worker failed (status %x)", status);
}

void t_workers(struct t *t, int n, void (*work)(struct t *t, int number, struct shared *shared),
	       struct shared *shared)
{
	t_close(t);
	for (int i = 0; i < n; i++)
		t_spawn(t, work, i, shared);
	for (int i = 0; i < n;
	     i++) /* in any order: one that fails may be what the others wait for */
		t_join(t, -1);
	t_open(t);
}

/* --- the program ------------------------------------------------------------------ */

static bool run_case(const struct t *base, const struct test_case *c)
{
	int64_t from = cx_monotonic_ms();
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0) {
		struct t t = *base;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(600);
		snprintf(t.tenant, sizeof(t.tenant), "%s", text_uuid7(&t.cx));
		snprintf(t.catalog, sizeof(t.catalog), "%s", text_uuid7(&t.cx));
		t.cx.deadline_ms = cx_monotonic_ms() + 600000; /* as every request has one */
		t_open(&t);
		c->run(&t);
		t_close(&t);
		cx_free(&t.cx);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	printf("%s %-40s %6lld ms\n", status ? "FAILED " : "ok     ", c->name,
	       (long long)(cx_monotonic_ms() - from));
	return status == 0;
}

static bool is_chosen(const struct test_case *c, char **patterns)
{
	if (!*patterns)
		return true;
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, c->name, 0) == 0)
			return true;
	return false;
}

/* Makes the schema, as an operator would. */
static enum status prepare(struct t *t)
{
	int64_t from, to;
	enum status s = store_open(&t->cx, t->url, NULL, true, &t->st);

	if (!s)
		s = store_migrate(&t->cx, t->st, &from, &to);
	if (s) {
		fprintf(stderr, "conformance: %s\n", t->cx.message);
		return s;
	}
	t_close(t);
	return seal_add_key(&t->cx, t->key_path);
}

int main(int argc, char **argv)
{
	char key_path[] = "/tmp/conformance-key-XXXXXX";
	struct t t = { .scale = 1 };
	int passed = 0, failed = 0, arg = 1, fd;

	for (; arg < argc && argv[arg][0] == '-'; arg++)
		if (strcmp(argv[arg], "--all") == 0)
			t.scale = 20;
		else if (strcmp(argv[arg], "--slow") == 0)
			t.slow = true;
		else
			break;
	if (arg >= argc || argv[arg][0] == '-') {
		fprintf(stderr, "usage: conformance [--all | --slow] DATABASE_URL [CASE ...]\n"
				"CASE: a name or a pattern; --slow: small sizes, for a server that "
				"does tens of writes a second\n");
		return 2;
	}
	t.url = argv[arg++];
	t.remote = !text_starts(t.url, "sqlite:") && !text_starts(t.url, "memory:");
	t.far = text_starts(t.url, "mongodb");
	fd = mkstemp(key_path);
	if (fd < 0)
		return 2;
	close(fd);
	t.key_path = key_path;
	if (prepare(&t))
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct test_case *c = tables[i]; c->name; c++)
			if (is_chosen(c, argv + arg))
				run_case(&t, c) ? passed++ : failed++;
	unlink(key_path);
	cx_free(&t.cx);
	printf("%s: %d passed, %d failed\n", t.url, passed, failed);
	return failed || !passed;
}
