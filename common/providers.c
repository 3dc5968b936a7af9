/* SPDX-License-Identifier: Apache-2.0 */
/* providers.c - the environment's providers. */
#include "common/providers.h"

#include <ctype.h>
#include <strings.h>
#include <unistd.h>

#include "common/config.h"
#include "common/list.h"
#include "common/text.h"

#define GENERIC "PANGOLIN_OIDC_"
#define MAX_NAME 32

struct reader {
	struct cx *cx;
	bool secrets;
	struct list found; /* of struct provider */
};

/* PANGOLIN_GOOGLE_ or PANGOLIN_OIDC_ACME_, and the member's word behind it. */
static const char *value(struct cx *cx, const char *prefix, const char *word)
{
	const char *text = getenv(cx_printf(cx, "%s%s", prefix, word));

	return text && *text ? cx_strdup(cx, text) : NULL;
}

static const char *value_or(struct cx *cx, const char *prefix, const char *word, const char *other)
{
	const char *text = value(cx, prefix, word);

	return text ? text : other;
}

bool provider_url_is_safe(const char *url)
{
	static const char *const local[] = { "http://127.0.0.1", "http://localhost",
					     "http://[::1]" };

	if (text_starts(url, "https://"))
		return url[8] != '\0';
	for (size_t i = 0; i < ARRAY_SIZE(local); i++) {
		size_t n = strlen(local[i]);

		if (text_starts(url, local[i]) && (!url[n] || strchr(":/", url[n])))
			return true;
	}
	return false;
}

bool provider_lists(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (list && *list) {
		size_t n;

		list += strspn(list, ", ");
		n = strcspn(list, ",");
		if (len && n == len && strncasecmp(list, word, n) == 0)
			return true;
		list += n;
	}
	return false;
}

/* --- one of them --------------------------------------------------------------------- */

static enum status read_role(struct cx *cx, const char *prefix, struct provider *p)
{
	const char *text = value(cx, prefix, "ROLE");

	p->role = text ? role_parse(text) : ROLE_TENANT_USER;
	if (p->role == ROLE_NONE || p->role == ROLE_ROOT)
		return fail(cx, INVALID, "%sROLE is neither tenant-admin nor tenant-user: \"%s\"",
			    prefix, text);
	return OK;
}

static enum status read_people(struct cx *cx, const char *prefix, struct provider *p)
{
	const char *create = value_or(cx, prefix, "CREATE_USERS", "true");

	p->tenant_id = value(cx, prefix, "TENANT");
	p->tenant_claim = value(cx, prefix, "TENANT_CLAIM");
	p->tenants = value(cx, prefix, "TENANTS");
	p->username_claim = value(cx, prefix, "USERNAME_CLAIM");
	p->email_domains = value(cx, prefix, "EMAIL_DOMAINS");
	p->roles_claim = value(cx, prefix, "ROLES_CLAIM");
	p->admin_values = value(cx, prefix, "ADMIN_VALUES");
	p->roles = value(cx, prefix, "ROLES");
	p->create = provider_lists("true,1,yes,on", create);
	if (!p->create && !provider_lists("false,0,no,off", create))
		return fail(cx, INVALID, "%sCREATE_USERS is neither true nor false: \"%s\"", prefix,
			    create);
	if (p->roles && !p->roles_claim)
		return fail(cx, INVALID,
			    "%sROLES says what ROLES_CLAIM's values mean, which is not set",
			    prefix);
	if (p->tenant_id && !text_is_uuid(p->tenant_id))
		return fail(cx, INVALID, "%sTENANT is no UUID: \"%s\"", prefix, p->tenant_id);
	return read_role(cx, prefix, p);
}

static enum status read_client(struct cx *cx, const char *prefix, bool secrets, struct provider *p)
{
	p->client_id = value(cx, prefix, "CLIENT_ID");
	p->audience = value(cx, prefix, "AUDIENCE");
	p->redirect_uri = value(cx, prefix, "REDIRECT_URI");
	p->scopes = value_or(cx, prefix, "SCOPES", p->scopes);
	if (!secrets)
		return OK;
	return config_secret(cx, cx_printf(cx, "%sCLIENT_SECRET", prefix), &p->client_secret);
}

static enum status add(struct reader *r, const char *prefix, struct provider *p)
{
	enum status s;

	p->issuer = value_or(r->cx, prefix, "ISSUER", p->issuer);
	s = read_client(r->cx, prefix, r->secrets, p);
	if (!s)
		s = read_people(r->cx, prefix, p);
	if (s || (!p->client_id && !p->audience))
		return s;
	if (p->issuer && !provider_url_is_safe(p->issuer))
		return fail(r->cx, INVALID, "%sISSUER is no https:// URL: \"%s\"", prefix,
			    p->issuer);
	*(struct provider *)list_add(&r->found) = *p;
	return OK;
}

/* --- all of them --------------------------------------------------------------------- */

static enum status add_google(struct reader *r)
{
	struct provider p = { .name = "google",
			      .issuer = "https://accounts.google.com",
			      .scopes = "openid email profile" };

	return add(r, "PANGOLIN_GOOGLE_", &p);
}

/* An issuer for each of its tenants: which one is ours must be said. */
static enum status add_microsoft(struct reader *r)
{
	const char *prefix = "PANGOLIN_MICROSOFT_";
	const char *tenant = value(r->cx, prefix, "TENANT_ID");
	struct provider p = { .name = "microsoft", .scopes = "openid email profile" };

	if (tenant)
		p.issuer = cx_printf(r->cx, "https://login.microsoftonline.com/%s/v2.0", tenant);
	if (!tenant && !value(r->cx, prefix, "ISSUER") && value(r->cx, prefix, "CLIENT_ID"))
		return fail(r->cx, INVALID, "PANGOLIN_MICROSOFT_TENANT_ID is not set");
	return p.issuer || value(r->cx, prefix, "ISSUER") ? add(r, prefix, &p) : OK;
}

static enum status add_github(struct reader *r)
{
	struct provider p = {
		.name = "github",
		.scopes = "read:user user:email",
		.authorize_url = value_or(r->cx, "OAUTH_GITHUB_", "AUTH_URL",
					  "https://github.com/login/oauth/authorize"),
		.token_url = value_or(r->cx, "OAUTH_GITHUB_", "TOKEN_URL",
				      "https://github.com/login/oauth/access_token"),
		.userinfo_url = value_or(r->cx, "OAUTH_GITHUB_", "USERINFO_URL",
					 "https://api.github.com/user"),
	};
	enum status s = add(r, "PANGOLIN_GITHUB_", &p);

	if (!s && (!provider_url_is_safe(p.token_url) || !provider_url_is_safe(p.userinfo_url)))
		return fail(r->cx, INVALID, "an OAUTH_GITHUB_.._URL is no https:// URL");
	return s;
}

static enum status add_okta(struct reader *r)
{
	const char *prefix = "PANGOLIN_OKTA_";
	const char *domain = value(r->cx, prefix, "DOMAIN");
	struct provider p = { .name = "okta", .scopes = "openid email profile" };

	if (domain)
		p.issuer = cx_printf(r->cx, "https://%s/oauth2/default", domain);
	if (!domain && !value(r->cx, prefix, "ISSUER") && value(r->cx, prefix, "CLIENT_ID"))
		return fail(r->cx, INVALID, "PANGOLIN_OKTA_DOMAIN is not set");
	return p.issuer || value(r->cx, prefix, "ISSUER") ? add(r, prefix, &p) : OK;
}

static bool is_there(const struct reader *r, const char *name)
{
	const struct providers all = { .items = r->found.items, .n = r->found.n };

	return providers_find(&all, name) != NULL;
}

/* PANGOLIN_OIDC_<NAME>_ISSUER=... */
static enum status add_generic(struct reader *r, const char *variable)
{
	const char *equals = strchr(variable, '=');
	size_t n = strlen(GENERIC), end = equals ? (size_t)(equals - variable) : 0;
	char name[MAX_NAME + 1] = "";
	struct provider p = { .name = NULL, .scopes = "openid email profile" };

	if (!text_starts(variable, GENERIC) || end <= n + 7 ||
	    memcmp(equals - 7, "_ISSUER", 7) != 0 || !equals[1])
		return OK;
	if (end - 7 - n > MAX_NAME)
		return fail(r->cx, INVALID, "%.*s: the name is too long", (int)end, variable);
	for (size_t i = 0; n + i < end - 7; i++)
		name[i] = (char)tolower((unsigned char)variable[n + i]);
	if (is_there(r, name))
		return fail(r->cx, INVALID, "%.*s: there is a provider \"%s\" already", (int)end,
			    variable, name);
	p.name = cx_strdup(r->cx, name);
	return add(r, cx_strndup(r->cx, variable, end - 6), &p);
}

static int by_name(const void *a, const void *b)
{
	const struct provider *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* As the environment has no order: by their names. */
static enum status add_generics(struct reader *r)
{
	size_t known = r->found.n;
	enum status s = OK;

	for (char **e = environ; !s && *e; e++)
		s = add_generic(r, *e);
	if (r->found.n > known)
		qsort((struct provider *)r->found.items + known, r->found.n - known,
		      sizeof(struct provider), by_name);
	return s;
}

/* A token says its issuer alone: of one issuer's providers one can take its tokens. */
static enum status check_issuers(struct cx *cx, const struct providers *p)
{
	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < i; k++)
			if (p->items[i].audience && p->items[k].audience &&
			    text_same(p->items[i].issuer, p->items[k].issuer))
				return fail(cx, INVALID,
					    "%s and %s have one issuer: leave one's AUDIENCE out",
					    p->items[k].name, p->items[i].name);
	return OK;
}

/* FRONTEND_URL stands at the end of the list. */
static const char *read_redirects(struct cx *cx)
{
	const char *list = value(cx, "PANGOLIN_OAUTH_", "REDIRECT_URIS");
	const char *frontend = value(cx, "FRONTEND_", "URL");

	return list && frontend ? cx_printf(cx, "%s,%s", list, frontend) : list ? list : frontend;
}

enum status providers_read(struct cx *cx, bool secrets, struct providers *out)
{
	struct reader r = { cx, secrets, { .cx = cx, .size = sizeof(struct provider) } };
	enum status s = add_google(&r);

	if (!s)
		s = add_microsoft(&r);
	if (!s)
		s = add_github(&r);
	if (!s)
		s = add_okta(&r);
	if (!s)
		s = add_generics(&r);
	if (s)
		return s;
	*out = (struct providers){ .items = r.found.items,
				   .n = r.found.n,
				   .redirect_uris = read_redirects(cx),
				   .link_domains =
					   value(cx, "PANGOLIN_OAUTH_", "EMAIL_LINK_DOMAINS") };
	return check_issuers(cx, out);
}

const struct provider *providers_find(const struct providers *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->items[i].name, name) == 0)
			return &p->items[i];
	return NULL;
}

const struct provider *providers_of_issuer(const struct providers *p, const char *issuer)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->items[i].audience && text_same(p->items[i].issuer, issuer))
			return &p->items[i];
	return NULL;
}
