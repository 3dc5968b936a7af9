/* SPDX-License-Identifier: Apache-2.0 */
/* test_isolation_fields.c - what another tenant has, named in any field of a request, reads as what nobody has. */
#include "tests/unit/belongings.h"
#include "tests/unit/isolation_rows.h"

#define NOBODYS "99999999-9999-4999-8999-999999999999"
#define MISSING "missingno"

/* --- words ---------------------------------------------------------------------------- */

/* What a <word> stands for: theirs, and the like that nobody has. */
struct meaning {
	const char *word, *theirs, *missing;
};

#define WORDS 32

static void meanings(struct meaning words[WORDS])
{
	const struct meaning all[WORDS] = {
		{ "tenant", THEIRS, NOBODYS },
		{ "catalog", theirs.only_catalog, MISSING "-c" },
		{ "federated", theirs.only_federated, MISSING "-far" },
		{ "catalog id", theirs.catalog.id, NOBODYS },
		{ "namespace", MARK, MISSING },
		{ "table", MARK "_t", MISSING "_t" },
		{ "branch", theirs.only_branch, MISSING "-dev" },
		{ "tag", theirs.only_tag, MISSING "-v" },
		{ "warehouse", MARK "-w", MISSING "-w" },
		{ "bucket", MARK, MISSING },
		{ "file", "file:///nowhere/m.json", "file:///nowhare/m.json" },
		{ "tag word", MARK, MISSING },
		{ "username", theirs.only_user, MISSING "-u" },
		{ "user", theirs.user.id, NOBODYS },
		{ "service", theirs.service.id, NOBODYS },
		{ "role", theirs.role.id, NOBODYS },
		{ "permission", theirs.permission_id, NOBODYS },
		{ "token", theirs.token_id, NOBODYS },
		{ "record", theirs.audit_id, NOBODYS },
		{ "request", theirs.request.id, NOBODYS },
		{ "asset", theirs.asset_id, NOBODYS },
		{ "commit", theirs.commit_id, NOBODYS },
		{ "merge", theirs.merge_id, NOBODYS },
		{ "conflict", theirs.conflict_id, NOBODYS },
		{ "plan", theirs.plan_id, NOBODYS },
		{ "our tenant", OURS, OURS },
		{ "our catalog", ours.catalog.id, ours.catalog.id },
		{ "our user", ours.user.id, ours.user.id },
		{ "our role", ours.role.id, ours.role.id },
		{ "our commit", ours.commit_id, ours.commit_id },
		{ "our password", ROOT_PASSWORD, ROOT_PASSWORD },
		{ "our asset", ours.asset_id, ours.asset_id },
	};

	memcpy(words, all, sizeof(all));
}

/* The text with each <word> as its meaning is; NULL stays. */
static const char *said(const char *text, const struct meaning words[WORDS], bool of_theirs)
{
	struct text t = text_open(&cx, 8000);

	while (text && *text) {
		size_t n = strcspn(text, "<"), k = 0;

		text_addn(&t, text, n);
		text += n;
		if (!*text)
			break;
		n = strcspn(++text, ">");
		while (k < WORDS &&
		       (strlen(words[k].word) != n || memcmp(words[k].word, text, n) != 0))
			k++;
		ck_assert_msg(k < WORDS, "no meaning of <%.*s>", (int)n, text);
		text_add(&t, of_theirs ? words[k].theirs : words[k].missing);
		text += n + 1;
	}
	return text ? t.s : NULL;
}

static bool has_word(const char *request, const char *word)
{
	return strncmp(word, "our", 3) != 0 && strstr(request, cx_printf(&cx, "<%s>", word));
}

/* An answer with what that request asked for made <> again, so that two can be compared. */
static const char *unsaid(const char *answer, const char *request,
			  const struct meaning words[WORDS], bool of_theirs)
{
	struct text t = text_open(&cx, 200000);

	while (*answer) {
		size_t k = 0, n = 0;

		for (; k < WORDS; k++) {
			const char *value = of_theirs ? words[k].theirs : words[k].missing;

			n = strlen(value);
			if (strncmp(answer, value, n) == 0 && has_word(request, words[k].word))
				break;
		}
		if (k < WORDS) {
			text_add(&t, "<>");
			answer += n;
		} else {
			text_addc(&t, *answer++);
		}
	}
	ck_assert(!t.over);
	return t.s;
}

/* --- asking ------------------------------------------------------------------------------ */

/* Twice, in two tenants' names: theirs, and what nobody has, in every field; the header, too. */
static struct fcgi_answer ask(const struct user *who, const char *method, const char *uri,
			      const char *body, bool of_theirs)
{
	const char *const params[] = {
		cx_printf(&cx, "HTTP_AUTHORIZATION=Bearer %s", token_for(who, 60, NULL)),
		cx_printf(&cx, "HTTP_X_PANGOLIN_TENANT=%s", of_theirs ? THEIRS : NOBODYS), NULL
	};

	return fcgi_call(&cx, &responder, method, uri, params, body);
}

/* A success says when it was and what it made: of those the status alone is compared. */
static void compare(const struct user *who, const char *method, const char *uri, const char *body)
{
	struct meaning words[WORDS];
	struct fcgi_answer of[2];
	const char *text[2], *request = cx_printf(&cx, "%s %s", uri, body ? body : "");

	meanings(words);
	for (int i = 0; i < 2; i++) {
		of[i] = ask(who, method, said(uri, words, i), said(body, words, i), i);
		text[i] = unsaid(of[i].body, request, words, i);
	}
	ck_assert_msg(of[0].status == of[1].status,
		      "%s: %s %s %s: missing: %d %.500s; theirs: %d %.500s", who->username, method,
		      uri, body, of[0].status, text[0], of[1].status, text[1]);
	ck_assert_msg(of[1].status && of[1].status != 500, "%s %s %s: %d %.500s", method, uri, body,
		      of[1].status, text[1]);
	if (of[0].status >= 400 || strcmp(method, "GET") == 0)
		ck_assert_msg(strcmp(text[0], text[1]) == 0,
			      "%s: %s %s %s: missing: %.500s; theirs: %.500s", who->username,
			      method, uri, body, text[0], text[1]);
}

static void compare_both(const char *method, const char *uri, const char *body)
{
	compare(&ours.admin, method, uri, body);
	compare(&ours.user, method, uri, body);
}

START_TEST(fields_read_as_missing)
{
	const char *before = rows_of(THEIRS);

	for (size_t i = 0; i < ARRAY_SIZE(field_rows); i++)
		compare_both(field_rows[i].method, field_rows[i].uri, field_rows[i].body);
	check_same(before, rows_of(THEIRS));
}
END_TEST

/* --- paths --------------------------------------------------------------------------------- */

/* What stands for a {} behind that segment: ours, and the word for theirs; NULL ends. */
static const struct {
	const char *segment, *ours, *words[4];
} places[] = {
	{ "v1", "c", { "<catalog>", "<federated>", "<catalog id>" } },
	{ "catalogs", "c", { "<catalog>", "<federated>", "<catalog id>" } },
	{ "federated-catalogs", "c", { "<federated>", "<catalog>", "<catalog id>" } },
	{ "namespaces", "a", { "<namespace>", "a@<branch>", "a@<tag>" } },
	{ "tables", "t", { "<table>", "<asset>", "t@<branch>", "t@<tag>" } },
	{ "views", "t", { "<table>", "<asset>" } },
	{ "functions", "t", { "<table>", "<asset>" } },
	{ "plan", "<our asset>", { "<plan>" } },
	{ "assets", "<our asset>", { "<asset>", "<table>" } },
	{ "business-metadata", "<our asset>", { "<asset>" } },
	{ "tenants", "<our tenant>", { "<tenant>" } },
	{ "users", "<our user>", { "<user>", "<service>", "<username>" } },
	{ "service-users", "<our user>", { "<service>", "<user>" } },
	{ "roles", "<our role>", { "<role>" } },
	{ "permissions", "<our role>", { "<permission>" } },
	{ "tokens", "<our role>", { "<token>" } },
	{ "revoke", "<our role>", { "<token>" } },
	{ "audit", "<our role>", { "<record>" } },
	{ "access-requests", "<our role>", { "<request>" } },
	{ "warehouses", "w", { "<warehouse>" } },
	{ "branches", "dev", { "<branch>", "<tag>" } },
	{ "tags", "v", { "<tag>", "<branch>" } },
	{ "commits", "<our commit>", { "<commit>" } },
	{ "merge-operations", "<our commit>", { "<merge>" } },
	{ "conflicts", "<our commit>", { "<conflict>" } },
};

static size_t place_of(const char *pattern, const char *braces)
{
	const char *end = braces - 1, *start = end;
	size_t i = 0;

	while (start > pattern && start[-1] != '/')
		start--;
	while (i < ARRAY_SIZE(places) &&
	       (strlen(places[i].segment) != (size_t)(end - start) ||
		strncmp(places[i].segment, start, (size_t)(end - start)) != 0))
		i++;
	ck_assert_msg(i < ARRAY_SIZE(places), "nothing stands in isolation for {} in %s", pattern);
	return i;
}

/* The pattern with ours in its {}, but for the one numbered `which`. */
static const char *with(const char *pattern, size_t which, const char *word)
{
	struct text t = text_open(&cx, 2000);
	const char *p = pattern;

	for (size_t k = 0; *p; k++) {
		const char *braces = strstr(p, "{}");

		if (!braces) {
			text_add(&t, p);
			break;
		}
		text_addn(&t, p, (size_t)(braces - p));
		text_add(&t, k == which ? word : places[place_of(pattern, braces)].ours);
		p = braces + 2;
	}
	return t.s;
}

static void try_path(const struct route *r)
{
	bool sends = strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0;
	const char *catalog = strstr(r->pattern, "/api/v1/branches") ||
					      strstr(r->pattern, "/api/v1/tags") ||
					      strstr(r->pattern, "/api/v1/commits")
				      ? "?catalog=c"
				      : "";
	const char *p = r->pattern;

	for (size_t k = 0; (p = strstr(p, "{}")); k++, p += 2) {
		const char *const *words = places[place_of(r->pattern, p)].words;

		for (size_t w = 0; w < 4 && words[w]; w++)
			compare_both(r->method,
				     cx_printf(&cx, "%s%s", with(r->pattern, k, words[w]), catalog),
				     sends ? "{\"catalog\":\"c\"}" : NULL);
	}
}

/* One foreign segment at a time, in every route that has any. */
START_TEST(paths_read_as_missing)
{
	const char *before = rows_of(THEIRS);

	for (size_t i = 0; i < tables[_i]->n; i++)
		if (tables[_i]->routes[i].action != PUBLIC)
			try_path(&tables[_i]->routes[i]);
	check_same(before, rows_of(THEIRS));
}
END_TEST

/* --- no route is forgotten ------------------------------------------------------------------ */

/* "/a/{}/b" and "/a/x/b?c=d" */
static bool matches(const char *pattern, const char *uri)
{
	while (*pattern && *pattern != '?') {
		if (strncmp(pattern, "{}", 2) == 0) {
			pattern += 2;
			uri += strcspn(uri, "/?");
		} else if (*pattern++ != *uri++) {
			return false;
		}
	}
	return *uri == '\0' || *uri == '?';
}

static bool is_known(const struct route *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(field_rows); i++)
		if (strcmp(field_rows[i].method, r->method) == 0 &&
		    matches(r->pattern, field_rows[i].uri))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (strcmp(harmless[i].method, r->method) == 0 &&
		    strcmp(harmless[i].pattern, r->pattern) == 0)
			return true;
	return false;
}

START_TEST(every_body_has_its_row)
{
	for (size_t i = 0; i < tables[_i]->n; i++) {
		const struct route *r = &tables[_i]->routes[i];

		if (r->action == PUBLIC || strcmp(r->method, "GET") == 0 ||
		    strcmp(r->method, "HEAD") == 0 || strcmp(r->method, "DELETE") == 0)
			continue;
		ck_assert_msg(is_known(r), "isolation_rows.h does not know %s %s", r->method,
			      r->pattern);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("isolation_fields");
	TCase *tc = tcase_create("fields"), *bare = tcase_create("rows");
	SRunner *sr = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, start, end);
	tcase_set_timeout(tc, 300); /* on a slow store */
	tcase_add_test(tc, fields_read_as_missing);
	tcase_add_loop_test(tc, paths_read_as_missing, 0, (int)ARRAY_SIZE(tables));
	tcase_add_loop_test(bare, every_body_has_its_row, 0, (int)ARRAY_SIZE(tables));
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, bare);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
