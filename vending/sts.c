/* SPDX-License-Identifier: Apache-2.0 */
/* sts.c - AssumeRole. */
#include "vending/sts.h"

#include <ctype.h>

#include "common/hmac.h"
#include "common/text.h"
#include "vending/cloud_impl.h"
#include "vending/http.h"
#include "vending/sigv4.h"
#include "vending/xml.h"

#define ANSWER_MAX ((size_t)64 << 10)
#define FORM_MAX ((size_t)32 << 10)
#define SESSION_NAME_MAX 64
#define CODE_MAX 64
#define STS_VERSION "2011-06-15"

/* Its own endpoint where there is one; Amazon's of the region; else the storage's. */
static const char *endpoint_of(struct cx *cx, const struct storage *s)
{
	struct storage own = *s;

	if (s->sts_endpoint) {
		own.endpoint = s->sts_endpoint;
		return storage_endpoint(cx, &own);
	}
	if (storage_is_aws(s))
		return cx_printf(cx, "https://sts.%s.amazonaws.com%s", s->region,
				 text_starts(s->region, "cn-") ? ".cn" : "");
	return storage_endpoint(cx, s);
}

/* "pangolin-alice", of the characters that a session's name may have. */
static const char *session_name(struct cx *cx, const char *who)
{
	struct text t = text_open(cx, SESSION_NAME_MAX);

	text_add(&t, "pangolin-");
	for (; *who; who++)
		text_addc(&t, isalnum((unsigned char)*who) || strchr("=,.@-_", *who) ? *who : '_');
	return t.s;
}

static void add_field(struct text *t, const char *name, const char *value)
{
	if (!value)
		return;
	text_addf(t, "%s%s=", t->len ? "&" : "", name);
	text_add_percent(t, value, strlen(value), false);
}

static enum status form_of(struct cx *cx, const struct sts_request *r, struct text *form)
{
	*form = text_open(cx, FORM_MAX);
	add_field(form, "Action", "AssumeRole");
	add_field(form, "Version", STS_VERSION);
	add_field(form, "RoleArn", r->storage->role_arn);
	add_field(form, "RoleSessionName", session_name(cx, r->who));
	add_field(form, "ExternalId", r->storage->external_id);
	add_field(form, "DurationSeconds", cx_printf(cx, "%lld", (long long)r->duration_s));
	add_field(form, "Policy", r->policy);
	return text_check(form, "a request for a session");
}

/* Signs and sends; the answer is in *out. */
static void send_form(struct cx *cx, struct cloud *c, const struct storage *s,
		      const struct text *form, struct http_request *out)
{
	const char *endpoint = endpoint_of(cx, s);
	int64_t now_ms = cx_now_ms();
	struct pair headers[4] = { { "x-amz-date", sigv4_time(cx, now_ms) },
				   { "Content-Type",
				     "application/x-www-form-urlencoded; charset=utf-8" } };
	size_t n = 2;
	struct sigv4 sign = { .method = "POST",
			      .path = "/",
			      .headers = headers,
			      .payload = sha256_hex(cx, form->s, form->len),
			      .region = s->region,
			      .service = "sts",
			      .access_key_id = s->access_key_id,
			      .secret_access_key = s->secret_access_key,
			      .now_ms = now_ms };

	if (s->session_token)
		headers[n++] = (struct pair){ "x-amz-security-token", s->session_token };
	headers[n] = (struct pair){ "Host", strstr(endpoint, "://") + 3 };
	sign.n_headers = n + 1;
	/* Host is libcurl's to send: the signature takes its place */
	headers[n] = (struct pair){ "Authorization", sigv4_authorization(cx, &sign) };
	*out = (struct http_request){ .method = "POST",
				      .url = cx_printf(cx, "%s/", endpoint),
				      .headers = headers,
				      .n_headers = n + 1,
				      .body = form->s,
				      .n_body = form->len,
				      .max_answer = ANSWER_MAX };
	cloud_perform(cx, c, out, 1);
}

/* --- the answer ------------------------------------------------------------------ */

struct reading {
	struct cx *cx;
	struct sts_session *session;
	char code[CODE_MAX];
	bool cut;
};

static void on_element(void *arg, const char *name, const char *text)
{
	struct reading *r = arg;
	const struct {
		const char *name, **to;
	} members[] = { { "AccessKeyId", &r->session->access_key_id },
			{ "SecretAccessKey", &r->session->secret_access_key },
			{ "SessionToken", &r->session->session_token } };

	r->cut = r->cut || strlen(text) >= XML_TEXT_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (!strcmp(name, members[i].name) && *text)
			*members[i].to = cx_strdup(r->cx, text);
	if (!strcmp(name, "Expiration"))
		(void)text_untime(text, &r->session->expires_ms);
	if (!strcmp(name, "Code") && !*r->code)
		snprintf(r->code, sizeof(r->code), "%s", text);
}

/* What an STS says when it refuses, and what an operator has to look at. */
static const struct {
	const char *code;
	enum status status;
	const char *hint;
} codes[] = {
	{ "AccessDenied", DENIED,
	  "the role's trust policy or external id, or the keys' right to assume it" },
	{ "AccessDeniedException", DENIED, "the role's trust policy or external id" },
	{ "InvalidClientTokenId", DENIED, "the warehouse's access key is not known there" },
	{ "InvalidAccessKeyId", DENIED, "the warehouse's access key is not known there" },
	{ "SignatureDoesNotMatch", DENIED, "the warehouse's secret key, or the server's clock" },
	{ "RequestTimeTooSkewed", DENIED, "the server's clock is wrong" },
	{ "RequestExpired", DENIED, "the server's clock is wrong" },
	{ "ExpiredToken", DENIED, "the warehouse's session token has run out" },
	{ "ExpiredTokenException", DENIED, "the warehouse's session token has run out" },
	{ "RegionDisabledException", INVALID, "the region's STS is not activated" },
	{ "PackedPolicyTooLarge", TOO_LARGE, "the policy is too long" },
	{ "PackedPolicyTooLargeException", TOO_LARGE, "the policy is too long" },
	{ "MalformedPolicyDocument", INVALID, "it does not read our policy" },
	{ "ValidationError", INVALID, "role or duration" },
	{ "InvalidParameterValue", INVALID, "role or duration" },
	{ "Throttling", UNAVAILABLE, "too many requests" },
	{ "ThrottlingException", UNAVAILABLE, "too many requests" },
};

static enum status refused(struct cx *cx, const struct http_request *r, const char *code)
{
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (!strcmp(codes[i].code, code))
			return fail(cx, codes[i].status,
				    "the token service gives no session: %d %s: %s", r->code, code,
				    codes[i].hint);
	for (const char *c = code; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(".:", *c))
			code = "";
	return fail(cx,
		    r->code == 401 || r->code == 403 ? DENIED
		    : r->code == 400		     ? INVALID
						     : UNAVAILABLE,
		    "the token service gives no session: %d%s%s", r->code, *code ? " " : "", code);
}

static enum status read_answer(struct cx *cx, const struct http_request *r, struct sts_session *out)
{
	struct reading reading = { .cx = cx, .session = out };
	bool xml;

	if (r->result)
		return fail(cx, r->result, "the token service gives no session: %s", r->problem);
	xml = r->n_answer && !xml_read(cx, r->answer, r->n_answer, on_element, &reading);
	if (r->code != 200)
		return refused(cx, r, xml ? reading.code : "");
	if (!xml || reading.cut || !out->access_key_id || !out->secret_access_key ||
	    !out->session_token || out->expires_ms <= cx_now_ms())
		return fail(cx, UNAVAILABLE, "the token service's answer is not a session");
	return OK;
}

enum status sts_assume(struct cx *cx, struct cloud *c, const struct sts_request *request,
		       struct sts_session *out)
{
	struct http_request r;
	struct text form;
	enum status s = form_of(cx, request, &form);

	*out = (struct sts_session){ 0 };
	if (s)
		return s;
	send_form(cx, c, request->storage, &form, &r);
	return read_answer(cx, &r, out);
}
