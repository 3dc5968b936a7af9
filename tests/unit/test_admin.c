/* SPDX-License-Identifier: Apache-2.0 */
/* test_admin.c - secrets are masked and survive a PUT; what names may be. */
#include "common/text.h"
#include "fcgi/admin/admin.h"

#include <check.h>

static struct cx cx;

static void reset(void)
{
	cx_free(&cx);
}

static struct json_object *parse(const char *text)
{
	struct json_object *v = NULL;

	ck_assert_msg(json_parse(&cx, text, strlen(text), 16, &v) == OK, "%s: %s", text,
		      cx.message);
	return v;
}

static const struct {
	const char *config, *shown;
} masks[] = {
	{ "{}", "{}" },
	{ "{\"s3.bucket\":\"b\",\"region\":\"r\",\"endpoint\":\"http://e\"}",
	  "{\"s3.bucket\":\"b\",\"region\":\"r\",\"endpoint\":\"http://e\"}" },
	{ "{\"s3.access-key-id\":\"A\",\"s3.secret-access-key\":\"B\",\"session_token\":\"C\"}",
	  "{\"s3.access-key-id\":\"***\",\"s3.secret-access-key\":\"***\",\"session_token\":\"***"
	  "\"}" },
	{ "{\"adls.account-key\":\"A\",\"adls.sas-token\":\"B\",\"client_secret\":\"C\"}",
	  "{\"adls.account-key\":\"***\",\"adls.sas-token\":\"***\",\"client_secret\":\"***\"}" },
	{ "{\"service_account_json\":\"A\",\"external_id\":\"B\",\"SecretAccessKey\":\"C\"}",
	  "{\"service_account_json\":\"***\",\"external_id\":\"***\",\"SecretAccessKey\":\"***"
	  "\"}" },
	{ "{\"AwsSts\":{\"role_arn\":\"arn\",\"external_id\":\"x\"}}",
	  "{\"AwsSts\":{\"role_arn\":\"arn\",\"external_id\":\"***\"}}" },
	{ "{\"AwsStatic\":{\"access_key_id\":\"A\",\"secret_access_key\":null}}",
	  "{\"AwsStatic\":{\"access_key_id\":\"***\",\"secret_access_key\":null}}" },
};

START_TEST(test_mask)
{
	struct json_object *v = parse(masks[_i].config);

	ck_assert_str_eq(json_print(&cx, secrets_mask(&cx, v), NULL), masks[_i].shown);
	ck_assert_str_eq(json_print(&cx, v, NULL), masks[_i].config);
}
END_TEST

static const struct {
	const char *given, *old, *kept; /* kept NULL: INVALID */
} restores[] = {
	{ "{\"a\":\"1\"}", "{}", "{\"a\":\"1\"}" },
	{ "{\"key\":\"***\"}", "{\"key\":\"old\"}", "{\"key\":\"old\"}" },
	{ "{\"key\":\"new\"}", "{\"key\":\"old\"}", "{\"key\":\"new\"}" },
	{ "{\"s\":{\"key\":\"***\"}}", "{\"s\":{\"key\":\"old\"}}", "{\"s\":{\"key\":\"old\"}}" },
	{ "{\"key\":\"***\"}", "{}", NULL },
	{ "{\"s\":{\"key\":\"***\"}}", "{\"s\":\"text\"}", NULL },
	{ "{\"key\":\"***\"}", "{\"key\":{\"a\":\"b\"}}", NULL },
	/* what is kept goes where it went, whatever else changes */
	{ "{\"uri\":\"https://h\",\"token\":\"***\",\"warehouse\":\"b\"}",
	  "{\"uri\":\"https://h\",\"token\":\"t\",\"warehouse\":\"a\"}",
	  "{\"uri\":\"https://h\",\"token\":\"t\",\"warehouse\":\"b\"}" },
	{ "{\"uri\":\"https://evil\",\"token\":\"***\"}", "{\"uri\":\"https://h\",\"token\":\"t\"}",
	  NULL },
	{ "{\"uri\":\"http://h\",\"token\":\"***\"}", "{\"uri\":\"https://h\",\"token\":\"t\"}",
	  NULL },
	{ "{\"uri\":\"https://evil\",\"token\":\"t\"}", "{\"uri\":\"https://h\",\"token\":\"t\"}",
	  "{\"uri\":\"https://evil\",\"token\":\"t\"}" },
	{ "{\"uri\":\"https://h\",\"oauth2-server-uri\":\"https://evil\",\"credential\":\"***\"}",
	  "{\"uri\":\"https://h\",\"credential\":\"c\"}", NULL },
	{ "{\"uri\":\"https://h\",\"credential\":\"***\"}",
	  "{\"uri\":\"https://h\",\"oauth2-server-uri\":\"https://a\",\"credential\":\"c\"}",
	  NULL },
	{ "{\"token-uri\":\"https://evil\",\"credential\":\"***\"}",
	  "{\"token-uri\":\"https://a\",\"credential\":\"c\"}", NULL },
	{ "{\"token-uri\":\"***\",\"credential\":\"***\"}",
	  "{\"token-uri\":\"https://a\",\"credential\":\"c\"}",
	  "{\"token-uri\":\"https://a\",\"credential\":\"c\"}" },
	{ "{\"other\":\"http://evil\",\"sas\":\"***\"}", "{\"other\":\"x\",\"sas\":\"s\"}", NULL },
	{ "{\"location\":\"abfss://c@evil.dfs/\",\"sas\":\"***\"}",
	  "{\"location\":\"abfss://c@a.dfs/\",\"sas\":\"s\"}", NULL },
	{ "{\"location\":\"abfss://c@a.dfs/y\",\"sas\":\"***\"}",
	  "{\"location\":\"abfss://c@a.dfs/x\",\"sas\":\"s\"}",
	  "{\"location\":\"abfss://c@a.dfs/y\",\"sas\":\"s\"}" },
	{ "{\"smtp_host\":\"h\",\"smtp_port\":25,\"smtp_password\":\"***\"}",
	  "{\"smtp_host\":\"h\",\"smtp_port\":26,\"smtp_password\":\"p\"}", NULL },
	{ "{\"a\":{\"sts_endpoint\":\"https://evil\"},\"b\":{\"secret\":\"***\"}}",
	  "{\"a\":{\"sts_endpoint\":\"https://s\"},\"b\":{\"secret\":\"s\"}}", NULL },
};

START_TEST(test_restore)
{
	struct json_object *v = parse(restores[_i].given), *old = parse(restores[_i].old);
	enum status s = secrets_restore(&cx, v, old, "config");

	ck_assert_int_eq(s, restores[_i].kept ? OK : INVALID);
	if (!s)
		ck_assert_str_eq(json_print(&cx, v, NULL), restores[_i].kept);
}
END_TEST

START_TEST(test_restore_without_old)
{
	ck_assert_int_eq(secrets_restore(&cx, parse("{\"key\":\"***\"}"), NULL, "c"), INVALID);
	ck_assert_ptr_nonnull(strstr(cx.message, "c.key"));
}
END_TEST

static const struct {
	const char *name;
	enum status s;
} names[] = {
	{ "a", OK },	   { "a b", OK },     { "Lager\xc3\xb6", OK }, { "", INVALID },
	{ ".", INVALID },  { "..", INVALID }, { "a/b", INVALID },      { "a@b", INVALID },
	{ " a", INVALID }, { "a ", INVALID }, { "a\nb", INVALID },     { "a\x7f", INVALID },
	{ "...", OK },
};

START_TEST(test_name)
{
	ck_assert_int_eq(admin_check_name(&cx, "warehouse", names[_i].name), names[_i].s);
}
END_TEST

START_TEST(test_name_length)
{
	char name[257];

	memset(name, 'x', 256);
	name[256] = '\0';
	ck_assert_int_eq(admin_check_name(&cx, "warehouse", name), INVALID);
	ck_assert_int_eq(admin_check_name(&cx, "warehouse", name + 1), OK);
}
END_TEST

static const struct {
	const char *body;
	enum status s;
	const char *kept;
} properties[] = {
	{ "{}", OK, "before" },
	{ "{\"properties\":null}", OK, "before" },
	{ "{\"properties\":{}}", OK, "{}" },
	{ "{\"properties\":{\"a\":\"b\"}}", OK, "{\"a\":\"b\"}" },
	{ "{\"properties\":{\"a\":1}}", INVALID, NULL },
	{ "{\"properties\":{\"a\":null}}", INVALID, NULL },
	{ "{\"properties\":[]}", INVALID, NULL },
	{ "{\"properties\":\"a\"}", INVALID, NULL },
};

START_TEST(test_properties)
{
	const char *text = "before";

	ck_assert_int_eq(admin_properties(&cx, parse(properties[_i].body), &text),
			 properties[_i].s);
	if (properties[_i].kept)
		ck_assert_str_eq(text, properties[_i].kept);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("admin");
	TCase *t = tcase_create("admin");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(t, NULL, reset);
	tcase_add_loop_test(t, test_mask, 0, ARRAY_SIZE(masks));
	tcase_add_loop_test(t, test_restore, 0, ARRAY_SIZE(restores));
	tcase_add_test(t, test_restore_without_old);
	tcase_add_loop_test(t, test_name, 0, ARRAY_SIZE(names));
	tcase_add_test(t, test_name_length);
	tcase_add_loop_test(t, test_properties, 0, ARRAY_SIZE(properties));
	suite_add_tcase(suite, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
