/* SPDX-License-Identifier: Apache-2.0 */
/* conformance.h - what the cases share: one store, checks, workers in processes of their own. */
#ifndef TESTS_CONFORMANCE_CONFORMANCE_H
#define TESTS_CONFORMANCE_CONFORMANCE_H

#include "common/text.h"
#include "stores/store.h"

/* A case runs in a process of its own: a failed check ends it. */
struct t {
	const char *url, *key_path;
	struct cx cx; /* long loops reset it each round */
	struct store *st;
	bool remote;	  /* the store is a server: it goes on with what a killed client sent */
	bool far;	  /* a get is a transaction there: a trip a row, and its end */
	bool slow;	  /* --slow: a server that does tens of writes a second */
	int scale;	  /* 1, or more with --all: how often races and crashes are tried */
	char tenant[37];  /* a fresh UUID: no case sees another's rows */
	char catalog[37]; /* likewise */
};

struct test_case {
	const char *name;
	void (*run)(struct t *t);
};

/* Ends the case (or worker) as failed. */
_Noreturn void t_fail(struct t *t, const char *file, int line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

#define CHECK(t, condition)                                                                        \
	do {                                                                                       \
		if (!(condition))                                                                  \
			t_fail(t, __FILE__, __LINE__, "%s", #condition);                           \
	} while (0)
#define EQUAL(t, a, b) t_equal(t, __FILE__, __LINE__, #a, (int64_t)(a), (int64_t)(b))
#define WANT(t, status, call) t_want(t, __FILE__, __LINE__, #call, (status), (call))

void t_equal(struct t *t, const char *file, int line, const char *what, int64_t a, int64_t b);
void t_want(struct t *t, const char *file, int line, const char *call, enum status want,
	    enum status have);

/* Opens a store for this process; with no deadline. */
void t_open(struct t *t);
void t_close(struct t *t);

/* How many: t->scale times `many`, or only `few` on a slow server. */
int t_size(const struct t *t, int many, int few);

/* After a kill: until a server has done what it was sent, or thrown it away. */
void t_settle(const struct t *t);

/* apply of one change, failed not asked for. */
enum status t_apply(struct t *t, enum change_op op, struct row *row);

/* Shared by a case and its workers. */
struct shared {
	volatile bool stop;
	volatile int64_t n[64];
	volatile int64_t list[65536];
};
struct shared *t_shared(void);

/*
 * Runs `work` in n processes, each with a store of its own and numbered from 0;
 * waits for all.  The caller's own store is closed meanwhile and opened again.
 * A worker that fails ends the case.
 */
void t_workers(struct t *t, int n, void (*work)(struct t *t, int number, struct shared *shared),
	       struct shared *shared);

/* Starts one such process; t->st must be closed (t_close) before. */
pid_t t_spawn(struct t *t, void (*work)(struct t *t, int number, struct shared *shared), int number,
	      struct shared *shared);
/* Waits for it (-1: any); a failure of its ends the case. */
void t_join(struct t *t, pid_t pid);

/* Rows of the case's tenant. */
struct asset t_asset(struct t *t, const char *namespace, const char *name);
struct branch t_branch(struct t *t, const char *name);
struct catalog t_catalog(struct t *t, const char *name);

/* A row of any kind, every column filled from `seed`; the tenant is `tenant`. */
struct row *t_fill(struct t *t, const struct kind *k, const char *tenant, int64_t seed);
/* True where all columns of two rows are the same. */
bool t_same(const struct row *a, const struct row *b);
/* A row of that kind with the same key and nothing else. */
struct row *t_key_of(struct t *t, const struct row *row);

/* How many rows have the same first `bound` key columns as `from`. */
size_t t_count(struct t *t, const struct row *from, size_t bound);

extern const struct test_case change_cases[], list_cases[], race_cases[], crash_cases[];

#endif
