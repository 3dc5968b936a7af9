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

/* --- grants ------------------------------------------------------------------------- */

#define C1 "11111111-1111-4111-8111-111111111111"
#define C2 "22222222-2222-4222-8222-222222222222"
#define A1 "aaaaaaaa-1111-4111-8111-111111111111"
#define A2 "aaaaaaaa-2222-4222-8222-222222222222"

static struct grant grant_of(struct cx *cx, const char *scope, const char *actions)
{
	struct json_object *s, *a;
	struct grant g = { .permission_id = "p" };

	ck_assert_int_eq(json_parse(cx, scope, strlen(scope), 5, &s), OK);
	ck_assert_int_eq(json_parse(cx, actions, strlen(actions), 5, &a), OK);
	ck_assert_msg(grant_read_scope(cx, s, "scope", &g) == OK, "%s", cx->message);
	ck_assert_msg(grant_read_actions(cx, a, "actions", &g) == OK, "%s", cx->message);
	return g;
}

/* Whoever is granted something, asking for every action, in the order of `asked`. */
static const enum action asked[] = {
	MAY_LIST,     MAY_READ,	  MAY_CREATE,	     MAY_WRITE,
	MAY_UPDATE,   MAY_DELETE, MAY_BRANCH_INGEST, MAY_BRANCH_EXPERIMENTAL,
	MAY_DISCOVER, MAY_ADMIN,  MAY_ROOT
};

#define ON_T                                                                                       \
	{                                                                                          \
		.kind = ON_TENANT                                                                  \
	}
#define ON_C(c)                                                                                    \
	{                                                                                          \
		.kind = ON_CATALOG, .catalog_id = c                                                \
	}
#define ON_N(c, n)                                                                                 \
	{                                                                                          \
		.kind = ON_NAMESPACE, .catalog_id = c, .namespace = n                              \
	}
#define ON_A(c, n, a)                                                                              \
	{                                                                                          \
		.kind = ON_ASSET, .catalog_id = c, .namespace = n, .name = "t", .asset_id = a      \
	}

#define TENANT "{\"type\":\"tenant\"}"
#define CATALOG "{\"type\":\"catalog\",\"catalog_id\":\"" C1 "\"}"
#define NAMESPACE "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":\"a.b\"}"
#define ASSET                                                                                      \
	"{\"type\":\"asset\",\"catalog_id\":\"" C1 "\",\"namespace\":\"a.b\",\"asset_id\":\"" A1   \
	"\"}"
#define TAG "{\"type\":\"tag\",\"tag_name\":\"pii\"}"

/* What it says of each action: a letter as above. */
static const struct {
	const char *scope, *actions;
	struct object object;
	const char *tag; /* of the object */
	const char *expected;
} held[] = {
	/* what actions imply */
	{ TENANT, "[\"all\"]", ON_T, NULL, "OOOOOOOOODD" },
	{ TENANT, "[\"write\"]", ON_T, NULL, "OOOOOODDDDD" },
	{ TENANT, "[\"read\"]", ON_T, NULL, "OODDDDDDDDD" },
	{ TENANT, "[\"list\"]", ON_T, NULL, "ODDDDDDDDDD" },
	{ TENANT, "[\"create\"]", ON_T, NULL, "DDODDDDDDDD" },
	{ TENANT, "[\"update\"]", ON_T, NULL, "DDDDODDDDDD" },
	{ TENANT, "[\"delete\"]", ON_T, NULL, "DDDDDODDDDD" },
	{ TENANT, "[\"ingest-branching\"]", ON_T, NULL, "DDDDDDODDDD" },
	{ TENANT, "[\"experimental_branching\"]", ON_T, NULL, "DDDDDDDODDD" },
	{ TENANT, "[\"ManageDiscovery\"]", ON_T, NULL, "DDDDDDDDODD" },
	{ TENANT, "[\"read\",\"delete\"]", ON_T, NULL, "OODDDODDDDD" },
	/* what scopes hold */
	{ TENANT, "[\"read\"]", ON_C(C1), NULL, "OODDDDDDDDD" },
	{ TENANT, "[\"read\"]", ON_A(C2, "x", A2), NULL, "OODDDDDDDDD" },
	{ CATALOG, "[\"read\"]", ON_T, NULL, "DDDDDDDDDDD" },
	{ CATALOG, "[\"read\"]", ON_C(C1), NULL, "OODDDDDDDDD" },
	{ CATALOG, "[\"read\"]", ON_C(C2), NULL, "NNNNNNNNNND" },
	{ CATALOG, "[\"read\"]", ON_N(C1, "a"), NULL, "OODDDDDDDDD" },
	{ CATALOG, "[\"read\"]", ON_A(C1, "a", A1), NULL, "OODDDDDDDDD" },
	{ CATALOG, "[\"read\"]", ON_A(C1, "a", NULL), NULL, "OODDDDDDDDD" },
	{ CATALOG, "[\"read\"]", ON_A(C2, "a", A1), NULL, "NNNNNNNNNND" },
	{ NAMESPACE, "[\"read\"]", ON_C(C1), NULL, "ODDDDDDDDDD" },
	{ NAMESPACE, "[\"read\"]", ON_C(C2), NULL, "NNNNNNNNNND" },
	{ NAMESPACE, "[\"read\"]", ON_N(C1, "a"), NULL, "ODDDDDDDDDD" },
	{ NAMESPACE, "[\"read\"]",
	  ON_N(C1, "a\x1f"
		   "b"),
	  NULL, "OODDDDDDDDD" },
	{ NAMESPACE, "[\"read\"]",
	  ON_N(C1, "a\x1f"
		   "b\x1f"
		   "c"),
	  NULL, "OODDDDDDDDD" },
	{ NAMESPACE, "[\"read\"]",
	  ON_N(C1, "a\x1f"
		   "bc"),
	  NULL, "NNNNNNNNNND" },
	{ NAMESPACE, "[\"read\"]", ON_N(C1, "a.b"), NULL, "NNNNNNNNNND" },
	{ NAMESPACE, "[\"read\"]", ON_N(C1, "b"), NULL, "NNNNNNNNNND" },
	{ NAMESPACE, "[\"read\"]",
	  ON_N(C2, "a\x1f"
		   "b"),
	  NULL, "NNNNNNNNNND" },
	{ NAMESPACE, "[\"write\"]",
	  ON_A(C1,
	       "a\x1f"
	       "b\x1f"
	       "c",
	       NULL),
	  NULL, "OOOOOODDDDD" },
	{ NAMESPACE, "[\"read\"]", ON_A(C1, "a", A1), NULL, "NNNNNNNNNND" },
	{ ASSET, "[\"create\"]", ON_C(C1), NULL, "ODDDDDDDDDD" },
	{ ASSET, "[\"all\"]", ON_N(C1, "a"), NULL, "ODDDDDDDDDD" },
	{ ASSET, "[\"all\"]",
	  ON_N(C1, "a\x1f"
		   "b"),
	  NULL, "ODDDDDDDDDD" },
	{ ASSET, "[\"all\"]",
	  ON_N(C1, "a\x1f"
		   "b\x1f"
		   "c"),
	  NULL, "NNNNNNNNNND" },
	{ ASSET, "[\"all\"]",
	  ON_A(C1,
	       "a\x1f"
	       "b",
	       A1),
	  NULL, "OOOOOOOOODD" },
	{ ASSET, "[\"all\"]", ON_A(C1, "elsewhere", A1), NULL, "OOOOOOOOODD" }, /* it was moved */
	{ ASSET, "[\"all\"]",
	  ON_A(C1,
	       "a\x1f"
	       "b",
	       A2),
	  NULL, "NNNNNNNNNND" },
	{ ASSET, "[\"all\"]",
	  ON_A(C1,
	       "a\x1f"
	       "b",
	       NULL),
	  NULL, "NNNNNNNNNND" },
	/* anything may carry a tag: names of what holds things are no secret then */
	{ TAG, "[\"read\"]", ON_C(C2), NULL, "ODDDDDDDDDD" },
	{ TAG, "[\"read\"]", ON_N(C2, "x"), NULL, "ODDDDDDDDDD" },
	{ TAG, "[\"read\"]", ON_A(C2, "x", A2), "pii", "OODDDDDDDDD" },
	{ TAG, "[\"read\"]", ON_A(C2, "x", A2), "pi", "NNNNNNNNNND" },
	{ TAG, "[\"read\"]", ON_A(C2, "x", A2), NULL, "NNNNNNNNNND" },
	{ TAG, "[\"read\"]", ON_T, NULL, "DDDDDDDDDDD" },
};

START_TEST(grants_decide)
{
	struct cx cx = { 0 };
	struct grant items[2] = { grant_of(&cx, held[_i].scope, held[_i].actions) };
	const char *const tags[] = { "other", held[_i].tag, NULL };
	struct principal who = user;
	struct object o = held[_i].object;

	/* another that says nothing of it */
	items[1] = grant_of(&cx, "{\"type\":\"tag\",\"tag_name\":\"zzz\"}", "[\"list\"]");
	who.grants = grants_build(&cx, items, strstr(held[_i].scope, "\"tag\"") ? 2 : 1);
	o.tenant_id = OURS;
	o.catalog = "c";
	if (held[_i].tag)
		o.tags = tags;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		char got = letter(access_check(&cx, &who, asked[i], &o));

		ck_assert_msg(got == held[_i].expected[i], "row %d, action %d: %c, not %c", _i,
			      asked[i], got, held[_i].expected[i]);
		ck_assert((got == 'O') == access_may(&who, asked[i], &o));
		if (got == 'O' && !access_within(&who, asked[i], &o))
			ck_assert(asked[i] == MAY_LIST && held[_i].expected[1] == 'D');
	}
	/* the same grants in another tenant, and no grants, say nothing */
	o.tenant_id = THEIRS;
	ck_assert_int_eq(access_check(&cx, &who, MAY_LIST, &o), NOT_FOUND);
	o.tenant_id = OURS;
	who.grants = NULL;
	ck_assert(!access_may(&who, MAY_LIST, &o));
	cx_free(&cx);
}
END_TEST

/* Rights of several grants add up; what is asked for first does not matter. */
START_TEST(grants_add_up)
{
	struct cx cx = { 0 };
	struct grant items[] = {
		grant_of(&cx, ASSET, "[\"delete\"]"),
		grant_of(&cx, TENANT, "[\"list\"]"),
		grant_of(&cx, CATALOG, "[\"read\"]"),
		grant_of(&cx, CATALOG, "[\"create\"]"),
		grant_of(&cx, NAMESPACE, "[\"update\"]"),
		grant_of(&cx, TAG, "[\"manage-discovery\"]"),
	};
	const char *const tags[] = { "pii", NULL };
	struct object o = ON_A(C1,
			       "a\x1f"
			       "b",
			       A1);
	struct principal who = user;
	const struct grants *copy;

	o.tenant_id = OURS;
	o.tags = tags;
	copy = grants_copy(&cx, grants_build(&cx, items, ARRAY_SIZE(items)));
	memset(items, 0, sizeof(items));
	who.grants = copy;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++)
		ck_assert_msg(access_may(&who, asked[i], &o) == ("OOOxOOxxOxx"[i] == 'O'), "%zu",
			      i);
	ck_assert_int_eq((int)access_grant(&who, RIGHT_DELETE, &o)->scope, SCOPE_ASSET);
	ck_assert_int_eq((int)access_grant(&who, RIGHT_CREATE, &o)->scope, SCOPE_CATALOG);
	ck_assert_ptr_null(access_grant(&who, RIGHT_WRITE, &o));
	cx_free(&cx);
}
END_TEST

/* What has to be read is read only where it can change the answer. */
START_TEST(needs_little)
{
	struct cx cx = { 0 };
	struct grant one = grant_of(&cx, TAG, "[\"read\"]"),
		     two = grant_of(&cx, CATALOG, "[\"read\"]");
	struct object there = ON_A(C1, "a", A1), unknown = ON_A(C1, "a", NULL);
	struct principal tagged = user, reader = user;

	there.tenant_id = unknown.tenant_id = OURS;
	tagged.grants = grants_build(&cx, &one, 1);
	reader.grants = grants_build(&cx, &two, 1);
	ck_assert(access_needs_tags(&tagged, MAY_READ, &there));
	ck_assert(access_needs_id(&tagged, MAY_READ, &unknown));
	ck_assert(!access_needs_id(&tagged, MAY_READ, &there));
	ck_assert(!access_needs_tags(&reader, MAY_READ, &there));
	ck_assert(!access_needs_id(&reader, MAY_READ, &unknown));
	ck_assert(access_needs_id(&reader, MAY_WRITE, &unknown));
	ck_assert(!access_needs_tags(&reader, MAY_WRITE, &there));
	ck_assert(!access_needs_id(&admin, MAY_READ, &unknown));
	ck_assert(!access_needs_id(&user, MAY_READ, &unknown));
	ck_assert(!access_needs_id(NULL, MAY_READ, &unknown));
	there.tenant_id = THEIRS;
	ck_assert(!access_needs_tags(&tagged, MAY_READ, &there));
	cx_free(&cx);
}
END_TEST

/* What must look missing is called by the widest part of it that is not known. */
START_TEST(hides_by_degrees)
{
	struct cx cx = { 0 };
	struct grant one = grant_of(&cx, ASSET, "[\"read\"]");
	struct object o = ON_A(C1,
			       "a\x1f"
			       "x",
			       A2);
	struct principal who = user;

	o.tenant_id = OURS;
	o.catalog = "c";
	o.noun = "View";
	ck_assert_int_eq(access_check(&cx, &who, MAY_READ, &o), NOT_FOUND);
	ck_assert_str_eq(cx.message, "Catalog does not exist: c");
	who.grants = grants_build(&cx, &one, 1);
	ck_assert_int_eq(access_check(&cx, &who, MAY_READ, &o), NOT_FOUND);
	ck_assert_str_eq(cx.message, "View does not exist: a.x.t");
	o.kind = ON_NAMESPACE;
	ck_assert_int_eq(access_check(&cx, &who, MAY_READ, &o), NOT_FOUND);
	ck_assert_str_eq(cx.message, "Namespace does not exist: a.x");
	cx_free(&cx);
}
END_TEST

static const struct {
	const char *scope, *shown; /* NULL: INVALID */
} texts[] = {
	{ TENANT, TENANT },
	{ "{\"type\":\"Tenant\",\"more\":1}", TENANT },
	{ CATALOG, CATALOG },
	{ NAMESPACE, NAMESPACE },
	{ ASSET, ASSET },
	{ TAG, TAG },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":[\"a\",\"b\"]}",
	  NAMESPACE },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":\"a\\u001fb\"}",
	  NAMESPACE },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":[\"a.b\"]}",
	  "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":[\"a.b\"]}" },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":\"a.b\\u001fc\"}",
	  "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":[\"a.b\",\"c\"]}" },
	{ "{}", NULL },
	{ "[]", NULL },
	{ "{\"type\":\"planet\"}", NULL },
	{ "{\"type\":\"catalog\"}", NULL },
	{ "{\"type\":\"catalog\",\"catalog-id\":\"" C1 "\"}", NULL },
	{ "{\"type\":\"catalog\",\"catalog_id\":\"c\"}", NULL },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\"}", NULL },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":\"\"}", NULL },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":\"a..b\"}", NULL },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":\"a.\"}", NULL },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":[]}", NULL },
	{ "{\"type\":\"namespace\",\"catalog_id\":\"" C1 "\",\"namespace\":[1]}", NULL },
	{ "{\"type\":\"asset\",\"catalog_id\":\"" C1 "\",\"namespace\":\"a\"}", NULL },
	{ "{\"type\":\"tag\",\"tag_name\":\"\"}", NULL },
	{ "{\"type\":\"tag\"}", NULL },
};

START_TEST(scopes_are_read_and_shown)
{
	struct cx cx = { 0 };
	struct json_object *o;
	struct grant g;
	enum status s;

	ck_assert_int_eq(json_parse(&cx, texts[_i].scope, strlen(texts[_i].scope), 5, &o), OK);
	s = grant_read_scope(&cx, o, "scope", &g);
	ck_assert_msg((s == OK) == (texts[_i].shown != NULL), "%s: %s", texts[_i].scope,
		      cx.message);
	if (texts[_i].shown) {
		ck_assert_str_eq(json_print(&cx, grant_show_scope(&cx, &g), NULL), texts[_i].shown);
	} else {
		ck_assert_int_eq(s, INVALID);
		ck_assert_ptr_nonnull(strstr(cx.message, "scope"));
	}
	cx_free(&cx);
}
END_TEST

START_TEST(actions_are_read_and_shown)
{
	struct cx cx = { 0 };
	struct grant g = grant_of(&cx, TENANT, "[\"READ\",\"list\",\"IngestBranching\",\"read\"]");

	ck_assert_str_eq(json_print(&cx, grant_show_actions(&cx, g.rights), NULL),
			 "[\"read\",\"list\",\"ingest-branching\"]");
	ck_assert_int_eq(grant_read_actions(&cx, json_new_array(&cx), "actions", &g), INVALID);
	ck_assert_int_eq(grant_read_actions(&cx, NULL, "actions", &g), INVALID);
	ck_assert_uint_eq(right_parse("own"), 0);
	ck_assert_uint_eq(right_parse("readx"), 0);
	ck_assert_uint_eq(right_parse(""), 0);
	ck_assert_uint_eq(right_parse(NULL), 0);
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
	tcase_add_loop_test(tc, grants_decide, 0, (int)ARRAY_SIZE(held));
	tcase_add_test(tc, grants_add_up);
	tcase_add_test(tc, needs_little);
	tcase_add_test(tc, hides_by_degrees);
	tcase_add_loop_test(tc, scopes_are_read_and_shown, 0, (int)ARRAY_SIZE(texts));
	tcase_add_test(tc, actions_are_read_and_shown);
	suite_add_tcase(suite, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
