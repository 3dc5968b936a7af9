/* SPDX-License-Identifier: Apache-2.0 */
/* strategy.c - how a warehouse lets clients reach its files. */
#include <ctype.h>

#include "common/model.h"
#include "common/text.h"
#include "vending/storage.h"

#define STRATEGY_DEPTH 8
#define CONFIG_DEPTH 8
#define SESSION_MIN_S 900
#define SESSION_MAX_S 43200
#define ARN_MAX 2048
#define EXTERNAL_ID_MIN 2
#define EXTERNAL_ID_MAX 1224

/* By their letters and digits, in lower case.  scheme: the one cloud they are of; NULL = any. */
static const struct strategy {
	const char *word, *scheme;
	enum vending vending;
} strategies[] = {
	{ "awssts", "s3", VEND_SESSION },
	{ "sts", "s3", VEND_SESSION },
	{ "azuresas", "abfss", VEND_SESSION },
	{ "gcpdownscoped", "gs", VEND_SESSION },
	{ "vendedcredentials", NULL, VEND_SESSION },
	{ "awsstatic", "s3", VEND_STATIC },
	{ "azureaccountkey", "abfss", VEND_STATIC },
	{ "static", NULL, VEND_STATIC },
	{ "remotesigning", "s3", VEND_SIGNED },
	{ "none", NULL, VEND_NOTHING },
};

static const struct strategy *strategy_named(struct cx *cx, const char *name)
{
	char *word = cx_strdup(cx, name), *end = word;

	for (; *name; name++)
		if (isalnum((unsigned char)*name))
			*end++ = (char)tolower((unsigned char)*name);
	*end = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(strategies); i++)
		if (text_same(strategies[i].word, word))
			return &strategies[i];
	return NULL;
}

/* What a strategy's own object says goes before storage_config. */
static enum status read_details(struct cx *cx, struct json_object *o, enum vending vending,
				struct storage *s)
{
	const struct {
		const char *key, **to;
	} members[] = {
		{ "role_arn", &s->role_arn },
		{ "external_id", &s->external_id },
		{ "access_key_id", &s->vended_key_id },
		{ "secret_access_key", &s->vended_secret },
		{ "account_name", &s->account_name },
		{ "account_key", &s->account_key },
		{ "service_account_email", &s->service_account_email },
		{ "private_key", &s->private_key },
	};
	const char *account = s->account_name;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *value = NULL;
		enum status status =
			json_opt_text(cx, o, "vending_strategy", members[i].key, &value);

		if (status)
			return status;
		if (value && *value)
			*members[i].to = cx_strdup(cx, value);
	}
	if (text_same(s->scheme, "abfss") && !text_same(account, s->account_name))
		return fail(cx, INVALID, "vending_strategy: the location is not in \"%s\"",
			    s->account_name);
	if (vending == VEND_STATIC && !s->vended_key_id != !s->vended_secret)
		return fail(cx, INVALID,
			    "vending_strategy: access_key_id and secret_access_key come together");
	return OK;
}

static enum status read_strategy(struct cx *cx, const char *text, struct storage *s, bool *read)
{
	const struct strategy *found;
	struct json_object *v, *details = NULL;
	const char *name = NULL;
	enum status status = json_parse(cx, text, strlen(text), STRATEGY_DEPTH, &v);

	*read = false;
	if (status)
		return fail(cx, status, "vending_strategy: %s", cx_strdup(cx, cx->message));
	if (json_object_is_type(v, json_type_string))
		name = json_object_get_string(v);
	if (json_object_is_type(v, json_type_object) && json_object_object_length(v) == 1) {
		json_object_object_foreach(v, key, member) {
			name = key;
			details = member;
		}
	}
	found = name ? strategy_named(cx, name) : NULL;
	if (!found || (found->scheme && !text_same(found->scheme, s->scheme)))
		return OK;
	*read = true;
	s->vending = found->vending;
	s->signs_writes = found->vending == VEND_SIGNED;
	return json_object_is_type(details, json_type_object)
		       ? read_details(cx, details, found->vending, s)
		       : OK;
}

/* --- roles ------------------------------------------------------------------------ */

/* Source: docs.aws.amazon.com, "Amazon Resource Names (ARNs)". */
static const struct {
	const char *region, *partition;
} partitions[] = {
	{ "cn-", "aws-cn" },	     { "us-gov-", "aws-us-gov" }, { "us-iso-", "aws-iso" },
	{ "us-isob-", "aws-iso-b" }, { "eu-isoe-", "aws-iso-e" }, { "us-isof-", "aws-iso-f" },
};

const char *storage_partition(const struct storage *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(partitions) && storage_is_aws(s); i++)
		if (text_starts(s->region, partitions[i].region))
			return partitions[i].partition;
	return "aws";
}

static bool all_of(const char *s, const char *others)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(others, *s))
			return false;
	return true;
}

/* arn:<partition>:iam::<12 digits>:role/<path/name> */
static enum status check_aws_role(struct cx *cx, const struct storage *s)
{
	const char *head = cx_printf(cx, "arn:%s:iam::", storage_partition(s)), *account;

	if (!text_starts(s->role_arn, head))
		return fail(cx, INVALID, "s3.role-arn: does not begin with %s as in region %s",
			    head, s->region);
	account = s->role_arn + strlen(head);
	if (strspn(account, "0123456789") != 12 || !text_starts(account + 12, ":role/") ||
	    !account[12 + strlen(":role/")])
		return fail(cx, INVALID, "s3.role-arn: not arn:aws:iam::<12 digits>:role/<name>");
	return OK;
}

/* Other makers' roles lack accounts, or have names of their own. */
static enum status check_role(struct cx *cx, const struct storage *s)
{
	if (strlen(s->role_arn) > ARN_MAX || !text_starts(s->role_arn, "arn:") ||
	    !all_of(s->role_arn, "+=,.@-_/:"))
		return fail(cx, INVALID, "s3.role-arn: not a role's ARN");
	return storage_is_aws(s) ? check_aws_role(cx, s) : OK;
}

static enum status check_external_id(struct cx *cx, const char *id)
{
	size_t n = strlen(id);

	if (n < EXTERNAL_ID_MIN || n > EXTERNAL_ID_MAX || !all_of(id, "_+=,.@:/-"))
		return fail(cx, INVALID,
			    "s3.external-id: not %d to %d letters, digits and _+=,.@:/-",
			    EXTERNAL_ID_MIN, EXTERNAL_ID_MAX);
	return OK;
}

static enum status check_session(struct cx *cx, const struct storage *s)
{
	enum status status = OK;

	if (s->role_arn && text_same(s->scheme, "s3"))
		status = check_role(cx, s);
	if (!status && s->external_id)
		status = check_external_id(cx, s->external_id);
	if (!status && s->session_s &&
	    (s->session_s < SESSION_MIN_S || s->session_s > SESSION_MAX_S))
		return fail(cx, INVALID, "session-duration-seconds: not %d to %d", SESSION_MIN_S,
			    SESSION_MAX_S);
	return status;
}

enum status storage_vending(struct cx *cx, struct storage *s, bool use_sts, const char *strategy)
{
	bool read = false;
	enum status status = OK;

	if (strategy)
		status = read_strategy(cx, strategy, s, &read);
	if (status)
		return status;
	if (!read)
		s->vending = use_sts ? VEND_SESSION : VEND_SIGNED;
	if (text_same(s->scheme, "file"))
		s->vending = VEND_NOTHING;
	if (text_same(s->scheme, "s3"))
		s->signs_writes = s->signs_writes || storage_is_aws(s);
	else if (s->vending == VEND_SIGNED)
		s->vending = VEND_NOTHING;
	if (s->vending == VEND_STATIC && text_same(s->scheme, "gs"))
		return fail(cx, INVALID,
			    "vending_strategy: a storage of Google's has no keys to give away");
	return s->vending == VEND_SESSION ? check_session(cx, s) : OK;
}

enum status storage_of(struct cx *cx, const struct warehouse *w, struct storage *out)
{
	const char *text = w->storage_config ? w->storage_config : "{}";
	struct json_object *config;
	enum status s = json_parse(cx, text, strlen(text), CONFIG_DEPTH, &config);

	if (!s)
		s = storage_parse(cx, config, out);
	return s ? s : storage_vending(cx, out, w->use_sts, w->vending_strategy);
}
