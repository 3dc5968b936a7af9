/* SPDX-License-Identifier: Apache-2.0 */
/* test_access.c - the decision as a matrix: every role, action and object. */
#include "common/access.h"

#include <check.h>

#define OURS "t1"
#define THEIRS "t2"

static const struct principal root = {
	.id = "r", .name = "root", .tenant_id = "", .role = ROLE_ROOT
};
static const struct principal admin = {
	.id = "a", .name = "admin", .tenant_id = OURS, .role = ROLE_TENANT_ADMIN
};
static const struct principal user = {
	.id = "u", .name = "user", .tenant_id = OURS, .role = ROLE_TENANT_USER
};
static const struct principal nothing = {
	.id = "n", .name = "nothing", .tenant_id = OURS, .role = ROLE_NONE
};
static const struct principal *const callers[] = { NULL, &root, &admin, &user, &nothing };

/* One letter a caller, in that order: O(K), U(NAUTHENTICATED), D(ENIED), N(OT_FOUND). */
static const struct {
	enum object_kind on;
	const char *tenant;
	const char *public, *own, *other, *as_root;
} matrix[] = {
	{ ON_SERVER, NULL, "OOOOO", "UOOOO", "UODDD", "UODDD" },
	{ ON_TENANT, OURS, "OOOOO", "UOOOO", "UOODN", "UODDD" },
	{ ON_TENANT, THEIRS, "OOOOO", "UOOOO", "UONNN", "UODDD" },
	{ ON_TENANT, NULL, "OOOOO", "UOOOO", "UONNN", "UODDD" },
	{ ON_CATALOG, OURS, "OOOOO", "UOOOO", "UOONN", "UODDD" },
	{ ON_CATALOG, THEIRS, "OOOOO", "UOOOO", "UONNN", "UODDD" },
	{ ON_NAMESPACE, OURS, "OOOOO", "UOOOO", "UOONN", "UODDD" },
	{ ON_NAMESPACE, THEIRS, "OOOOO", "UOOOO", "UONNN", "UODDD" },
	{ ON_ASSET, OURS, "OOOOO", "UOOOO", "UOONN", "UODDD" },
	{ ON_ASSET, THEIRS, "OOOOO", "UOOOO", "UONNN", "UODDD" },
};

static char letter(enum status s)
{
	switch (s) {
	case OK:
		return 'O';
	case UNAUTHENTICATED:
		return 'U';
	case DENIED:
		return 'D';
	case NOT_FOUND:
		return 'N';
	default:
		return '?';
	}
}

static void check_row(enum action action, const struct object *o, const char *expected)
{
	struct cx cx = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(callers); i++) {
		char got = letter(access_check(&cx, callers[i], action, o));

		ck_assert_msg(got == expected[i],
			      "caller %zu, action %d, kind %d, tenant %s: %c, not %c", i, action,
			      o->kind, o->tenant_id, got, expected[i]);
		ck_assert(got == 'O' || *cx.message);
	}
	cx_free(&cx);
}

START_TEST(decides)
{
	struct object o = { .kind = matrix[_i].on, .tenant_id = matrix[_i].tenant };

	if (o.kind >= ON_CATALOG)
		o.catalog = "c";
	check_row(PUBLIC, &o, matrix[_i].public);
	check_row(MAY_ANYTHING_OWN, &o, matrix[_i].own);
	for (enum action a = MAY_LIST; a <= MAY_ADMIN; a++)
		check_row(a, &o, matrix[_i].other);
	check_row(MAY_ROOT, &o, matrix[_i].as_root);
}
END_TEST

/* Another tenant's object and an absent one read alike, and neither names a tenant. */
START_TEST(hides)
{
	struct cx cx = { 0 };
	struct object o = {
		.kind = ON_ASSET, .tenant_id = THEIRS, .catalog = "c", .name = "secret"
	};

	ck_assert_int_eq(access_check(&cx, &admin, MAY_READ, &o), NOT_FOUND);
	ck_assert_str_eq(cx.message, "Catalog does not exist: c");
	cx_free(&cx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access");
	TCase *tc = tcase_create("access");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, decides, 0, (int)ARRAY_SIZE(matrix));
	tcase_add_test(tc, hides);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
