/* SPDX-License-Identifier: Apache-2.0 */
/* token.c - a form to a token service, its JSON answer, and the vault between. */
#include "vending/token.h"

#include <ctype.h>

#include "common/json.h"
#include "common/text.h"
#include "vending/cloud_impl.h"
#include "vending/http.h"
#include "vending/vault.h"

#define ANSWER_MAX ((size_t)64 << 10)
#define FORM_MAX ((size_t)64 << 10)
#define ANSWER_DEPTH 8
#define WORD_MAX 64
#define LONGEST_S ((int64_t)86400)

/* --- kept ---------------------------------------------------------------------- */

static const char *name_of(struct cx *cx, const struct token_request *r)
{
	return cx_printf(cx, "token\n%s\n%s", r->url, r->key);
}

bool token_kept(struct cx *cx, struct cloud *c, const struct token_request *r,
		struct access_token *out)
{
	const char *text = r->key ? vault_get(cx, c->vault, name_of(cx, r)) : NULL;
	struct json_object *o;

	if (!text || json_parse(cx, text, strlen(text), ANSWER_DEPTH, &o))
		return false;
	out->text = json_text(o, "token");
	out->expires_ms = json_int(o, "expires", 0);
	return out->text && out->expires_ms - cx_now_ms() > r->spare_ms;
}

static void keep(struct cx *cx, struct cloud *c, const struct token_request *r,
		 const struct access_token *t)
{
	struct json_object *o = json_new_object(cx);

	if (!r->key || t->expires_ms - cx_now_ms() <= r->spare_ms)
		return;
	json_set_text(o, "token", t->text);
	json_set_int(o, "expires", t->expires_ms);
	vault_put(cx, c->vault, name_of(cx, r), json_print(cx, o, NULL),
		  t->expires_ms - r->spare_ms);
}

/* --- asked for ------------------------------------------------------------------- */

static enum status send_form(struct cx *cx, struct cloud *c, const struct token_request *r,
			     struct http_request *out)
{
	static const struct pair form_header = { "Content-Type",
						 "application/x-www-form-urlencoded" };
	static const struct pair machine_header = { "Metadata-Flavor", "Google" };
	struct text form = text_open(cx, FORM_MAX);
	enum status s;

	for (size_t i = 0; i < r->n; i++) {
		text_addf(&form, "%s%s=", i ? "&" : "", r->fields[i].name);
		text_add_percent(&form, r->fields[i].value, strlen(r->fields[i].value), false);
	}
	s = text_check(&form, "a request for a token");
	if (s)
		return s;
	*out = (struct http_request){ .method = r->machine ? "GET" : "POST",
				      .url = r->url,
				      .headers = r->machine ? &machine_header : &form_header,
				      .n_headers = 1,
				      .body = r->machine ? NULL : form.s,
				      .n_body = r->machine ? 0 : form.len,
				      .max_answer = ANSWER_MAX,
				      .to_machine = r->machine };
	cloud_perform(cx, c, out, 1);
	return OK;
}

static const struct {
	const char *word;
	enum status status;
	const char *hint;
} words[] = {
	{ "invalid_client", DENIED, ": the client's id or secret" },
	{ "unauthorized_client", DENIED, ": the client's id, or the tenant" },
	{ "invalid_grant", DENIED, ": the key or account, or this server's clock" },
	{ "access_denied", DENIED, ": the account has no right to it" },
	{ "invalid_scope", INVALID, "" },
	{ "invalid_target", INVALID, ": the audience" },
	{ "invalid_request", INVALID, "" },
	{ "unsupported_grant_type", INVALID, "" },
	{ "temporarily_unavailable", UNAVAILABLE, "" },
};

/* Only its one word: a description may repeat what was sent. */
static enum status refused(struct cx *cx, const struct http_request *r, const char *word)
{
	size_t n = word ? strlen(word) : 0;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (text_same(words[i].word, word))
			return fail(cx, words[i].status,
				    "the token service gives no token: %d %s%s", r->code, word,
				    words[i].hint);
	for (size_t i = 0; i < n; i++)
		if (n > WORD_MAX || (!isalnum((unsigned char)word[i]) && word[i] != '_'))
			n = 0;
	return fail(cx,
		    r->code == 401 || r->code == 403			? DENIED
		    : r->code >= 400 && r->code < 500 && r->code != 429 ? INVALID
									: UNAVAILABLE,
		    "the token service gives no token: %d%s%s", r->code, n ? " " : "",
		    n ? word : "");
}

static enum status read_answer(struct cx *cx, const struct http_request *r,
			       struct access_token *out)
{
	struct json_object *o = NULL;
	int64_t left_s;

	if (r->result)
		return fail(cx, r->result, "the token service gives no token: %s", r->problem);
	if (json_parse(cx, r->answer, r->n_answer, ANSWER_DEPTH, &o) ||
	    !json_object_is_type(o, json_type_object))
		o = NULL;
	if (r->code != 200)
		return refused(cx, r, o ? json_text(o, "error") : NULL);
	out->text = o ? json_text(o, "access_token") : NULL;
	if (!out->text || !*out->text || strpbrk(out->text, "\r\n"))
		return fail(cx, UNAVAILABLE, "the token service's answer holds no token");
	left_s = json_int(o, "expires_in", 0);
	if (left_s < 0 || left_s > LONGEST_S)
		left_s = LONGEST_S;
	out->expires_ms = left_s ? cx_now_ms() + left_s * 1000 : 0;
	return OK;
}

enum status token_get(struct cx *cx, struct cloud *c, const struct token_request *r,
		      struct access_token *out)
{
	struct http_request request;
	enum status s;

	if (token_kept(cx, c, r, out))
		return OK;
	*out = (struct access_token){ 0 };
	s = send_form(cx, c, r, &request);
	if (!s)
		s = read_answer(cx, &request, out);
	if (!s)
		keep(cx, c, r, out);
	return s;
}
