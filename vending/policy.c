/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - session policies.  Source: AWS IAM user guide, "JSON policy elements: Resource",
 * "IAM policy elements: Variables and tags" (special characters), "Actions for Amazon S3". */
#include "vending/policy.h"

#include "common/text.h"

enum status vend_scope_holds(struct cx *cx, const struct vend_scope *scope, const char *location,
			     struct location *out)
{
	enum status s = location_parse(cx, location, out);

	for (size_t i = 0; !s && i < scope->n; i++)
		if (location_within(out, &scope->folders[i]) &&
		    !text_same(out->path, scope->folders[i].path))
			return OK;
	return s ? s : fail(cx, DENIED, "\"%s\" is not one of the table's files", out->text);
}

static const struct {
	unsigned verb;
	const char *action;
} actions[] = {
	{ VEND_READ, "s3:GetObject" },
	{ VEND_WRITE, "s3:PutObject" },
	{ VEND_WRITE, "s3:AbortMultipartUpload" },
	{ VEND_WRITE, "s3:ListMultipartUploadParts" },
	{ VEND_DELETE, "s3:DeleteObject" },
};

/* A key's text as a pattern that nothing else matches. */
static enum status add_literal(struct text *t, const struct storage *s, const char *key)
{
	bool aws = storage_is_aws(s);

	for (; *key; key++) {
		bool special = strchr("*?$", *key) != NULL;

		if (!aws && (special || (unsigned char)*key >= 0x80))
			return fail(t->cx, INVALID,
				    "no session can be limited to a folder with such a name: "
				    "'*', '$' or a letter beyond ASCII");
		if (special)
			text_addf(t, "${%c}", *key);
		else
			text_addc(t, *key);
	}
	return OK;
}

/* `head` and the folder's own pattern: "arn:aws:s3:::b/a/t/" + "*". */
static enum status add_pattern(struct json_object *list, const struct storage *s, const char *head,
			       const struct location *folder, struct cx *cx)
{
	struct text t = text_open(cx, 8192);
	enum status status;

	text_add(&t, head);
	status = add_literal(&t, s, folder->path + 1);
	text_add(&t, "/*");
	if (!status)
		status = text_check(&t, "a folder's pattern");
	json_add_text(list, t.s);
	return status;
}

static struct json_object *statement(struct cx *cx, struct json_object *policy)
{
	struct json_object *st = json_new_object(cx);

	json_set_text(st, "Effect", "Allow");
	json_add(policy, st);
	return st;
}

static enum status add_objects(struct cx *cx, const struct storage *s,
			       const struct vend_scope *scope, struct json_object *policy)
{
	struct json_object *st = statement(cx, policy), *names = json_new_array(cx);
	struct json_object *resources = json_new_array(cx);
	enum status status = OK;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (actions[i].verb & (scope->verbs | VEND_READ))
			json_add_text(names, actions[i].action);
	for (size_t i = 0; !status && i < scope->n; i++)
		status = add_pattern(resources, s,
				     cx_printf(cx, "arn:%s:s3:::%s/", storage_partition(s),
					       scope->folders[i].authority),
				     &scope->folders[i], cx);
	json_set(st, "Action", names);
	json_set(st, "Resource", resources);
	return status;
}

/* A listing of "a/t" would show what is in "a/t2": only what begins with "a/t/". */
static enum status add_list(struct cx *cx, const struct storage *s, const struct location *folder,
			    struct json_object *policy)
{
	struct json_object *st = statement(cx, policy), *prefixes = json_new_array(cx);
	struct json_object *condition = json_new_object(cx), *like = json_new_object(cx);
	enum status status = add_pattern(prefixes, s, "", folder, cx);

	json_set(like, "s3:prefix", prefixes);
	json_set(condition, "StringLike", like);
	json_set_text(st, "Action", "s3:ListBucket");
	json_set_text(st, "Resource",
		      cx_printf(cx, "arn:%s:s3:::%s", storage_partition(s), folder->authority));
	json_set(st, "Condition", condition);
	return status;
}

enum status policy_text(struct cx *cx, const struct storage *s, const struct vend_scope *scope,
			bool list, const char **out)
{
	struct json_object *policy = json_new_object(cx), *statements = json_new_array(cx);
	enum status status = add_objects(cx, s, scope, statements);

	for (size_t i = 0; list && !status && i < scope->n; i++)
		status = add_list(cx, s, &scope->folders[i], statements);
	if (status)
		return status;
	json_set_text(policy, "Version", "2012-10-17");
	json_set(policy, "Statement", statements);
	*out = json_print(cx, policy, NULL);
	if (strlen(*out) > POLICY_MAX)
		return fail(cx, TOO_LARGE, "the session's policy is longer than %d characters",
			    POLICY_MAX);
	return OK;
}
