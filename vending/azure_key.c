/* SPDX-License-Identifier: Apache-2.0 */
/* azure_key.c - tokens of Microsoft Entra, user delegation keys, URLs signed by them.
 * Source: learn.microsoft.com, "OAuth 2.0 client credentials flow"; REST API of Azure Storage, "Get User Delegation Key". */
#include "common/json.h"
#include "common/text.h"
#include "vending/azure.h"
#include "vending/cloud_impl.h"
#include "vending/http.h"
#include "vending/token.h"
#include "vending/vault.h"
#include "vending/xml.h"

#define AUTHORITY "https://login.microsoftonline.com"
#define SCOPE "https://storage.azure.com/.default"
#define SPARE_MS ((int64_t)300000) /* of a token's life: for requests under way */
#define ANSWER_MAX ((size_t)16 << 10)
#define KEPT_DEPTH 4
#define SKEW_S 900		   /* a key's start lies so far back: clocks differ */
#define KEY_S ((int64_t)13 * 3600) /* and it lives so long: longer than any session */

static bool has_client(const struct storage *s)
{
	return s->client_id && s->client_secret && s->azure_tenant_id;
}

enum status azure_token(struct cx *cx, struct cloud *c, const struct storage *s, const char **out)
{
	const char *host = s->authority_host ? s->authority_host : AUTHORITY;
	struct token_request r = {
		.fields = { { "grant_type", "client_credentials" },
			    { "client_id", s->client_id },
			    { "client_secret", s->client_secret },
			    { "scope", SCOPE } },
		.n = 4,
		.key = cx_printf(cx, "%s\n%s", s->client_id, s->client_secret),
		.spare_ms = SPARE_MS,
	};
	struct text url = text_open(cx, 4096);
	struct access_token token;
	enum status status;

	if (!has_client(s))
		return fail(cx, INVALID,
			    "the warehouse has no azure.account-key, and no azure.tenant-id, "
			    "azure.client-id and azure.client-secret");
	text_addf(&url, "%s/", host);
	text_add_percent(&url, s->azure_tenant_id, strlen(s->azure_tenant_id), false);
	text_add(&url, "/oauth2/v2.0/token");
	r.url = url.s;
	status = token_get(cx, c, &r, &token);
	*out = token.text;
	return status;
}

/* --- user delegation keys -------------------------------------------------------------- */

static const struct member {
	const char *element, *name;
	size_t at;
} members[] = {
	{ "SignedOid", "oid", offsetof(struct azure_delegation, oid) },
	{ "SignedTid", "tid", offsetof(struct azure_delegation, tid) },
	{ "SignedStart", "start", offsetof(struct azure_delegation, start) },
	{ "SignedExpiry", "expiry", offsetof(struct azure_delegation, expiry) },
	{ "SignedService", "service", offsetof(struct azure_delegation, service) },
	{ "SignedVersion", "version", offsetof(struct azure_delegation, version) },
	{ "Value", "value", offsetof(struct azure_delegation, value) },
};

static const char **member_of(struct azure_delegation *d, const struct member *m)
{
	return (const char **)((char *)d + m->at);
}

static bool complete(struct azure_delegation *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (!*member_of(d, &members[i]))
			return false;
	return true;
}

/* Until when it can sign; 0 where it does not say. */
static int64_t end_of(const struct azure_delegation *d)
{
	int64_t ms = 0;

	return text_untime(d->expiry, &ms) ? ms : 0;
}

static const char *kept_name(struct cx *cx, const struct storage *s)
{
	return cx_printf(cx, "delegation\n%s\n%s\n%s\n%s", azure_service(cx, s), s->azure_tenant_id,
			 s->client_id, s->client_secret);
}

static bool find_kept(struct cx *cx, struct cloud *c, const struct storage *s, int64_t expires_ms,
		      struct azure_delegation *out)
{
	const char *text = vault_get(cx, c->vault, kept_name(cx, s));
	struct json_object *o;

	if (!text || json_parse(cx, text, strlen(text), KEPT_DEPTH, &o))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		*member_of(out, &members[i]) = json_text(o, members[i].name);
	return complete(out) && end_of(out) >= expires_ms;
}

static void keep(struct cx *cx, struct cloud *c, const struct storage *s,
		 struct azure_delegation *d)
{
	struct json_object *o = json_new_object(cx);

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		json_set_text(o, members[i].name, *member_of(d, &members[i]));
	vault_put(cx, c->vault, kept_name(cx, s), json_print(cx, o, NULL), end_of(d));
}

struct reading {
	struct cx *cx;
	struct azure_delegation *key;
};

static void on_element(void *arg, const char *name, const char *text)
{
	struct reading *r = arg;

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (!strcmp(name, members[i].element))
			*member_of(r->key, &members[i]) = cx_strdup(r->cx, text);
}

static enum status read_key(struct cx *cx, const struct http_request *r,
			    struct azure_delegation *out)
{
	struct reading reading = { .cx = cx, .key = out };
	bool xml;

	if (r->result)
		return fail(cx, r->result, "the storage gives no delegation key: %s", r->problem);
	xml = r->n_answer && !xml_read(cx, r->answer, r->n_answer, on_element, &reading);
	if (r->code == 401 || r->code == 403)
		return fail(cx, DENIED,
			    "the storage gives no delegation key: %d: the client needs the role "
			    "Storage Blob Delegator on the account (or this server's clock is "
			    "wrong)",
			    r->code);
	if (r->code != 200)
		return fail(cx, r->code == 400 ? INVALID : UNAVAILABLE,
			    "the storage gives no delegation key: %d", r->code);
	if (!xml || !complete(out) || end_of(out) <= cx_now_ms())
		return fail(cx, UNAVAILABLE, "the storage's answer is no delegation key");
	return OK;
}

static const char *whole_seconds(struct cx *cx, int64_t ms)
{
	return cx_printf(cx, "%.19sZ", text_time(cx, ms));
}

static enum status fetch_key(struct cx *cx, struct cloud *c, const struct storage *s,
			     struct azure_delegation *out)
{
	struct pair headers[] = { { "x-ms-version", AZURE_VERSION }, { "Authorization", NULL } };
	int64_t now_ms = cx_now_ms();
	const char *token, *body;
	struct http_request r;
	enum status status = azure_token(cx, c, s, &token);

	if (status)
		return status;
	headers[1].value = cx_printf(cx, "Bearer %s", token);
	body = cx_printf(cx,
			 "<?xml version=\"1.0\" encoding=\"utf-8\"?><KeyInfo><Start>%s</Start>"
			 "<Expiry>%s</Expiry></KeyInfo>",
			 whole_seconds(cx, now_ms - (int64_t)SKEW_S * 1000),
			 whole_seconds(cx, now_ms + KEY_S * 1000));
	r = (struct http_request){ .method = "POST",
				   .url = cx_printf(cx,
						    "%s/?restype=service&comp=userdelegationkey",
						    azure_service(cx, s)),
				   .headers = headers,
				   .n_headers = ARRAY_SIZE(headers),
				   .body = body,
				   .n_body = strlen(body),
				   .max_answer = ANSWER_MAX };
	cloud_perform(cx, c, &r, 1);
	return read_key(cx, &r, out);
}

enum status azure_sas_key(struct cx *cx, struct cloud *c, const struct storage *s,
			  struct azure_sas *sas)
{
	struct azure_delegation *key = CX_NEW(cx, struct azure_delegation);
	enum status status = OK;

	if (!has_client(s)) {
		sas->account_key = s->account_key;
		return s->account_key
			       ? OK
			       : fail(cx, INVALID,
				      "the warehouse has neither azure.client-id and "
				      "azure.client-secret nor azure.account-key to sign with");
	}
	if (!find_kept(cx, c, s, sas->expires_ms, key)) {
		*key = (struct azure_delegation){ 0 };
		status = fetch_key(cx, c, s, key);
		if (!status)
			keep(cx, c, s, key);
	}
	sas->delegation = key;
	return status;
}

enum status azure_url(struct cx *cx, struct cloud *c, const struct storage *s,
		      const struct location *l, int64_t expires_ms, const char **out)
{
	size_t n = strcspn(l->authority, "@");
	struct azure_sas sas = { .account = s->account_name,
				 .container = cx_strndup(cx, l->authority, n),
				 .path = l->path + 1,
				 .is_blob = true,
				 .verbs = VEND_READ,
				 .expires_ms = expires_ms,
				 .http = text_starts(azure_service(cx, s), "http:") };
	struct text url = text_open(cx, (size_t)32 << 10);
	const char *token;
	enum status status = azure_sas_key(cx, c, s, &sas);

	if (!status)
		status = azure_sas_token(cx, &sas, &token);
	if (status)
		return status;
	text_addf(&url, "%s/%s/", azure_service(cx, s), sas.container);
	text_add_percent(&url, sas.path, strlen(sas.path), true);
	text_addf(&url, "?%s", token);
	*out = url.s;
	return text_check(&url, "a URL");
}
