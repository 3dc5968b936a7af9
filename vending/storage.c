/* SPDX-License-Identifier: Apache-2.0 */
/* storage.c - reads storage_config in all its spellings. */
#include "vending/storage.h"

#include <ctype.h>
#include <strings.h>

#include "common/text.h"

#define SPELLINGS 8
#define ALLOWED_MAX (ARRAY_SIZE(((struct storage *)0)->allowed) - 1)

/* What is read and then worked out, beside struct storage's own members. */
struct config {
	struct storage storage;
	const char *type, *location, *prefix, *allowed, *path_style;
	const char *s3_bucket, *container, *gs_bucket, *session_s, *sas_scope, *identity;
};

#define READ(member) offsetof(struct config, member)

/* The one list of spellings.  The first is the one messages name. */
static const struct spelling {
	size_t at;
	const char *keys[SPELLINGS];
} spellings[] = {
	{ READ(type), { "type", "storage-type", "storage_type" } },
	{ READ(location), { "location", "root", "path" } },
	{ READ(prefix), { "prefix", "s3.prefix", "gcs.prefix", "adls.prefix" } },
	{ READ(allowed), { "allowed-locations", "allowed_locations" } },
	{ READ(s3_bucket), { "s3.bucket", "bucket" } },
	{ READ(storage.region),
	  { "s3.region", "region", "client.region", "aws.region", "aws_region" } },
	{ READ(storage.endpoint),
	  { "s3.endpoint", "endpoint", "s3_endpoint", "adls.endpoint", "azure.endpoint",
	    "gcs.service.host", "gcs.endpoint" } },
	{ READ(path_style),
	  { "s3.path-style-access", "s3.path_style_access", "path-style-access",
	    "path_style_access", "path-style", "path_style" } },
	{ READ(storage.access_key_id),
	  { "s3.access-key-id", "s3.access_key_id", "access-key-id", "access_key_id" } },
	{ READ(storage.secret_access_key),
	  { "s3.secret-access-key", "s3.secret_access_key", "secret-access-key",
	    "secret_access_key" } },
	{ READ(storage.session_token),
	  { "s3.session-token", "s3.session_token", "session-token", "session_token" } },
	{ READ(storage.role_arn),
	  { "s3.role-arn", "s3.role_arn", "role-arn", "role_arn", "client.role-arn" } },
	{ READ(storage.external_id),
	  { "s3.external-id", "s3.external_id", "external-id", "external_id" } },
	{ READ(storage.sts_endpoint),
	  { "s3.sts-endpoint", "s3.sts_endpoint", "sts-endpoint", "sts_endpoint", "sts.endpoint",
	    "gcs.sts-endpoint" } },
	{ READ(session_s),
	  { "session-duration-seconds", "session_duration_seconds", "s3.session-duration-seconds",
	    "s3.session_duration_seconds", "adls.session-duration-seconds",
	    "gcs.session-duration-seconds" } },
	{ READ(container),
	  { "azure.container", "adls.container", "container", "azure_container" } },
	{ READ(storage.account_name),
	  { "azure.account-name", "adls.account-name", "account-name", "account_name",
	    "azure.account_name", "adls.account_name" } },
	{ READ(storage.account_key),
	  { "azure.account-key", "adls.account-key", "account-key", "account_key",
	    "azure.account_key", "adls.account_key" } },
	{ READ(storage.sas_token),
	  { "adls.sas-token", "azure.sas-token", "sas-token", "sas_token", "adls.sas_token" } },
	{ READ(storage.azure_tenant_id),
	  { "azure.tenant-id", "adls.tenant-id", "tenant-id", "tenant_id" } },
	{ READ(storage.client_id),
	  { "azure.client-id", "adls.client-id", "client-id", "client_id" } },
	{ READ(sas_scope), { "azure.sas-scope", "adls.sas-scope", "sas-scope", "sas_scope" } },
	{ READ(storage.client_secret),
	  { "azure.client-secret", "adls.client-secret", "client-secret", "client_secret" } },
	{ READ(storage.authority_host),
	  { "azure.authority-host", "adls.authority-host", "authority-host", "authority_host" } },
	{ READ(gs_bucket), { "gcs.bucket", "gcp.bucket", "gs.bucket" } },
	{ READ(storage.project_id),
	  { "gcs.project-id", "gcp.project-id", "project-id", "project_id" } },
	{ READ(storage.service_account_email),
	  { "gcs.service-account-email", "service-account-email", "service_account_email" } },
	{ READ(storage.service_account_file),
	  { "gcs.service-account-file", "service-account-file", "service_account_file" } },
	{ READ(storage.service_account_key),
	  { "gcs.service-account-key", "gcs.service-account-json", "service-account-key",
	    "service_account_key", "service-account-json", "service_account_json" } },
	{ READ(identity), { "gcs.identity", "gcp.identity" } },
	{ READ(storage.metadata_server), { "gcs.metadata-server" } },
	{ READ(storage.delete_role), { "gcs.delete-role" } },
};

static const struct {
	const char *type, *scheme;
} types[] = {
	{ "s3", "s3" },	     { "aws", "s3" },	   { "minio", "s3" },	{ "azure", "abfss" },
	{ "adls", "abfss" }, { "abfss", "abfss" }, { "gcs", "gs" },	{ "gcp", "gs" },
	{ "gs", "gs" },	     { "file", "file" },   { "local", "file" }, { "filesystem", "file" },
};

/* One member as text; booleans read as "true" and "false", "" as not there. */
static enum status member_text(struct cx *cx, struct json_object *config, const char *key,
			       const char **out)
{
	struct json_object *v = json_member(config, key);
	enum status s;

	*out = NULL;
	if (json_object_is_type(v, json_type_boolean)) {
		*out = json_object_get_boolean(v) ? "true" : "false";
		return OK;
	}
	s = json_opt_text(cx, config, "storage_config", key, out);
	if (s)
		return s;
	*out = *out && **out ? cx_strdup(cx, *out) : NULL;
	return OK;
}

static enum status read_spelling(struct cx *cx, struct json_object *config,
				 const struct spelling *sp, struct config *out)
{
	const char **to = (const char **)((char *)out + sp->at), *first = NULL;

	for (size_t i = 0; i < SPELLINGS && sp->keys[i]; i++) {
		const char *value;
		enum status s = member_text(cx, config, sp->keys[i], &value);

		if (s)
			return s;
		if (!value)
			continue;
		if (first && !text_same(*to, value))
			return fail(cx, INVALID, "storage_config: \"%s\" and \"%s\" differ", first,
				    sp->keys[i]);
		first = sp->keys[i];
		*to = value;
	}
	return OK;
}

static enum status read_bool(struct cx *cx, const char *key, const char *text, bool *out)
{
	*out = !strcasecmp(text, "true");
	if (!*out && strcasecmp(text, "false") != 0)
		return fail(cx, INVALID, "storage_config.%s: not \"true\" or \"false\"", key);
	return OK;
}

static char *lower(char *text)
{
	for (char *c = text; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return text;
}

/* The server's own URL: scheme, host and port, nothing else; in lower case. */
static enum status check_endpoint(struct cx *cx, const char *key, const char **endpoint)
{
	char *url = cx_strdup(cx, *endpoint), *host;
	size_t n;

	if (!url)
		return OK;
	lower(url);
	host = text_starts(url, "https://")  ? url + 8
	       : text_starts(url, "http://") ? url + 7
					     : NULL;
	if (!host)
		return fail(cx, INVALID, "storage_config.%s: not an http:// or https:// URL", key);
	n = strcspn(host, "/");
	if (!n || host[n + (host[n] == '/')])
		return fail(cx, INVALID, "storage_config.%s: not just a scheme, host and port",
			    key);
	host[n] = '\0';
	for (const char *c = host; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._:[]", *c))
			return fail(cx, INVALID, "storage_config.%s: a character no host has", key);
	*endpoint = url;
	return OK;
}

static enum status scheme_of(struct cx *cx, const struct config *c, const char **out)
{
	const char *scheme = c->container   ? "abfss"
			     : c->gs_bucket ? "gs"
			     : c->s3_bucket ? "s3"
					    : NULL;

	for (size_t i = 0; c->type && i < ARRAY_SIZE(types); i++)
		if (!strcasecmp(c->type, types[i].type)) {
			*out = types[i].scheme;
			return OK;
		}
	if (c->type)
		return fail(cx, INVALID,
			    "storage_config.type: \"%s\" is no storage this server knows", c->type);
	if (!scheme)
		return fail(cx, INVALID, "storage_config: neither \"location\" nor a bucket");
	*out = scheme;
	return OK;
}

/* A location from a bucket's (or container's) name and the prefix. */
static enum status built_location(struct cx *cx, const struct config *c, const char **out)
{
	const char *scheme, *bucket;
	enum status s = scheme_of(cx, c, &scheme);

	if (s)
		return s;
	bucket = text_same(scheme, "abfss") ? c->container : NULL;
	if (text_same(scheme, "gs"))
		bucket = c->gs_bucket ? c->gs_bucket : c->s3_bucket; /* "bucket" serves both */
	if (text_same(scheme, "s3"))
		bucket = c->s3_bucket;
	if (!bucket)
		return fail(cx, INVALID,
			    "storage_config: \"location\" or a bucket is missing for %s", scheme);
	if (text_same(scheme, "abfss")) {
		if (!c->storage.account_name)
			return fail(cx, INVALID, "storage_config.azure.account-name: missing");
		bucket = cx_printf(cx, "%s@%s.dfs.core.windows.net", bucket,
				   c->storage.account_name);
	}
	*out = cx_printf(cx, "%s://%s", scheme, bucket);
	if (c->prefix)
		*out = location_join(cx, *out, c->prefix);
	return OK;
}

/* The bucket stands in the location; another one beside it is a mistake. */
static enum status check_bucket(struct cx *cx, const struct config *c, const struct location *l,
				const char **out)
{
	size_t n = strcspn(l->authority, "@");
	const char *said = c->s3_bucket;

	*out = n ? cx_strndup(cx, l->authority, n) : NULL;
	if (text_same(l->scheme, "abfss"))
		said = c->container;
	else if (text_same(l->scheme, "gs") && c->gs_bucket)
		said = c->gs_bucket;
	if (said && *out && !text_same(said, *out))
		return fail(cx, INVALID, "storage_config: the location is not in \"%s\"", said);
	return OK;
}

static enum status set_root(struct cx *cx, struct config *c)
{
	const char *text = c->location, *type_scheme;
	struct location l;
	enum status s = OK;

	if (!text)
		s = built_location(cx, c, &text);
	if (!s && text[0] == '/')
		text = cx_printf(cx, "file://%s", text);
	if (!s)
		s = location_parse(cx, text, &l);
	if (!s && c->type)
		s = scheme_of(cx, c, &type_scheme);
	if (s)
		return s;
	if (c->type && !text_same(type_scheme, l.scheme))
		return fail(cx, INVALID, "storage_config: the location is not of type \"%s\"",
			    c->type);
	if (!l.authority[0] && !l.path[0])
		return fail(cx, INVALID, "storage_config.location: the file system's root");
	c->storage.scheme = l.scheme;
	c->storage.root = l.text;
	return check_bucket(cx, c, &l, &c->storage.bucket);
}

static enum status set_allowed(struct cx *cx, struct config *c)
{
	char *rest = cx_strdup(cx, c->allowed), *one, *end;
	size_t n = 0;

	while ((one = strsep(&rest, ","))) {
		struct location l;
		enum status s;

		one += strspn(one, " ");
		for (end = one + strlen(one); end > one && end[-1] == ' ';)
			*--end = '\0';
		if (!*one)
			continue;
		if (n == ALLOWED_MAX)
			return fail(cx, INVALID, "storage_config.allowed-locations: more than %zu",
				    ALLOWED_MAX);
		s = location_parse(cx, one, &l);
		if (s)
			return s;
		if (!text_same(l.scheme, c->storage.scheme))
			return fail(cx, INVALID,
				    "storage_config.allowed-locations: \"%s\" is not %s", one,
				    c->storage.scheme);
		c->storage.allowed[n++] = l.text;
	}
	return OK;
}

static const char *host_of(const char *endpoint)
{
	const char *host = strstr(endpoint, "://");

	return host ? host + 3 : endpoint;
}

bool storage_is_aws(const struct storage *s)
{
	const char *host;

	if (!s->endpoint)
		return true;
	host = host_of(s->endpoint);
	return text_ends(host, ".amazonaws.com") || text_ends(host, ".amazonaws.com.cn");
}

const char *storage_endpoint(struct cx *cx, const struct storage *s)
{
	const char *domain = text_starts(s->region, "cn-") ? "amazonaws.com.cn" : "amazonaws.com";
	const char *port;

	if (!s->endpoint)
		return cx_printf(cx, "https://s3.%s.%s", s->region, domain);
	port = text_starts(s->endpoint, "https:") ? ":443" : ":80";
	if (text_ends(s->endpoint, port))
		return cx_strndup(cx, s->endpoint, strlen(s->endpoint) - strlen(port));
	return s->endpoint;
}

/* No certificate covers a bucket's dots as sub-domains. */
bool storage_by_path(const struct storage *s, const char *endpoint)
{
	return s->path_style || (text_starts(endpoint, "https:") && strchr(s->bucket, '.'));
}

static enum status set_s3(struct cx *cx, struct config *c)
{
	struct storage *st = &c->storage;
	enum status s = OK;

	st->path_style = !storage_is_aws(st);
	if (c->path_style)
		s = read_bool(cx, "s3.path-style-access", c->path_style, &st->path_style);
	if (s)
		return s;
	if (!st->region)
		st->region = "us-east-1";
	for (const char *r = st->region; *r; r++)
		if (!isalnum((unsigned char)*r) && *r != '-')
			return fail(cx, INVALID, "storage_config.s3.region: not a region's name");
	if (!st->access_key_id != !st->secret_access_key)
		return fail(cx, INVALID,
			    "storage_config: s3.access-key-id and s3.secret-access-key "
			    "come together");
	return OK;
}

/* The suffix of the account's names: what stands behind ".dfs." or ".blob." in the location. */
static const char *domain_in(struct cx *cx, const char *location)
{
	const char *host = strchr(location, '@'), *domain;

	if (!host)
		return NULL;
	domain = strstr(lower(cx_strndup(cx, host, strcspn(host, "/"))), ".core.");
	return domain ? domain + 1 : NULL;
}

static enum status set_azure(struct cx *cx, struct config *c)
{
	struct storage *st = &c->storage;
	struct location l;
	const char *account;
	enum status s = location_parse(cx, st->root, &l);

	if (s)
		return s;
	account = strchr(l.authority, '@') + 1;
	if (strchr(account, '.'))
		return fail(cx, INVALID,
			    "storage_config: \"%s\" is no account of Azure's: the "
			    "location's is <account>.dfs.core.windows.net, another host goes into "
			    "azure.endpoint",
			    account);
	if (st->account_name && !text_same(st->account_name, account))
		return fail(cx, INVALID, "storage_config: the location is not in \"%s\"",
			    st->account_name);
	st->account_name = account;
	st->azure_domain = domain_in(cx, st->root);
	if (!st->azure_domain)
		st->azure_domain = "core.windows.net";
	st->sas_of_container = c->sas_scope && text_same(c->sas_scope, "container");
	if (c->sas_scope && !st->sas_of_container && !text_same(c->sas_scope, "directory"))
		return fail(cx, INVALID,
			    "storage_config.azure.sas-scope: neither directory nor container");
	return check_endpoint(cx, "azure.authority-host", &st->authority_host);
}

/* Google's own roles all do more than remove. */
static bool is_custom_role(const char *role)
{
	for (const char *c = role; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_.:/", *c))
			return false;
	return (text_starts(role, "projects/") || text_starts(role, "organizations/")) &&
	       strstr(role, "/roles/");
}

static enum status set_google(struct cx *cx, struct config *c)
{
	struct storage *st = &c->storage;

	if (c->identity && !text_same(c->identity, "machine"))
		return fail(cx, INVALID, "storage_config.gcs.identity: only \"machine\" is known");
	if (st->delete_role && !is_custom_role(st->delete_role))
		return fail(cx, INVALID,
			    "storage_config.gcs.delete-role: not projects/<id>/roles/<name> or "
			    "organizations/<id>/roles/<name>");
	if (!c->identity)
		st->metadata_server = NULL;
	else if (!st->metadata_server)
		st->metadata_server = "http://metadata.google.internal";
	return check_endpoint(cx, "gcs.metadata-server", &st->metadata_server);
}

static enum status set_session(struct cx *cx, struct config *c)
{
	if (c->session_s && !text_int(c->session_s, &c->storage.session_s))
		return fail(cx, INVALID, "storage_config.session-duration-seconds: not a number");
	return OK;
}

enum status storage_parse(struct cx *cx, struct json_object *config, struct storage *out)
{
	struct config c = { 0 };
	enum status s = OK;

	if (!json_object_is_type(config, json_type_object))
		return fail(cx, INVALID, "storage_config: not an object");
	for (size_t i = 0; !s && i < ARRAY_SIZE(spellings); i++)
		s = read_spelling(cx, config, &spellings[i], &c);
	if (!s)
		s = check_endpoint(cx, "s3.endpoint", &c.storage.endpoint);
	if (!s)
		s = check_endpoint(cx, "s3.sts-endpoint", &c.storage.sts_endpoint);
	if (!s)
		s = set_root(cx, &c);
	if (!s && c.allowed)
		s = set_allowed(cx, &c);
	if (!s)
		s = set_session(cx, &c);
	if (!s && text_same(c.storage.scheme, "s3"))
		s = set_s3(cx, &c);
	if (!s && text_same(c.storage.scheme, "abfss"))
		s = set_azure(cx, &c);
	if (!s && text_same(c.storage.scheme, "gs"))
		s = set_google(cx, &c);
	if (!s)
		*out = c.storage;
	return s;
}

/* An endpoint of its own makes another storage of it, but where it is the cloud's anyway. */
static bool has_own_endpoint(const struct storage *s)
{
	static const char *const clouds[] = { ".core.windows.net", ".core.chinacloudapi.cn",
					      ".core.usgovcloudapi.net", ".storage.azure.net",
					      ".googleapis.com" };
	size_t n;

	if (!s->endpoint)
		return false;
	n = strcspn(host_of(s->endpoint), ":");
	for (size_t i = 0; i < ARRAY_SIZE(clouds); i++)
		if (n > strlen(clouds[i]) && !strncmp(host_of(s->endpoint) + n - strlen(clouds[i]),
						      clouds[i], strlen(clouds[i])))
			return false;
	return true;
}

const char *storage_identity(struct cx *cx, const struct storage *s)
{
	struct location l;

	if (text_same(s->scheme, "file"))
		return "file";
	if (text_same(s->scheme, "s3"))
		return cx_printf(cx, "s3://%s/%s", storage_is_aws(s) ? "aws" : host_of(s->endpoint),
				 s->bucket);
	if (location_parse(cx, s->root, &l)) /* it was parsed before */
		return s->root;
	if (has_own_endpoint(s))
		return cx_printf(cx, "%s://%s/%s", l.scheme, host_of(s->endpoint), l.authority);
	return cx_printf(cx, "%s://%s", l.scheme, l.authority);
}

/* The two letters beyond ASCII whose small form is in it: the Kelvin sign and the long s. */
static const struct {
	const char *letter, *small;
} strange_letters[] = { { "\xe2\x84\xaa", "k" }, { "\xc5\xbf", "s" } };

const char *storage_claim(struct cx *cx, const struct storage *s, const struct location *l)
{
	char *out, *end;

	if (!text_same(s->scheme, "s3") || storage_is_aws(s))
		return l->path;
	out = end = cx_strdup(cx, l->path);
	for (const char *c = l->path; *c;) {
		size_t i = 0;

		while (i < ARRAY_SIZE(strange_letters) &&
		       !text_starts(c, strange_letters[i].letter))
			i++;
		if (i < ARRAY_SIZE(strange_letters)) {
			*end++ = *strange_letters[i].small;
			c += strlen(strange_letters[i].letter);
		} else {
			*end++ = (char)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
			c++;
		}
	}
	*end = '\0';
	return out;
}

/* "c@a.dfs.core.elsewhere.test" is kept as c@a: clients would take what is vended there. */
static bool is_elsewhere(struct cx *cx, const struct storage *s, const struct location *l)
{
	const char *domain = domain_in(cx, l->text);

	return domain && s->azure_domain && !text_same(domain, s->azure_domain);
}

enum status storage_covers(struct cx *cx, const struct storage *s, const struct location *l)
{
	struct location base;
	enum status status = location_parse(cx, s->root, &base);

	if (status)
		return status;
	if (!l->path[0])
		return fail(cx, INVALID, "\"%s\" is a storage's root", l->text);
	if (text_same(s->scheme, "abfss") && (strstr(l->path, "./") || text_ends(l->path, ".")))
		return fail(cx, INVALID, "\"%s\" has a level that ends in a dot", l->text);
	if (text_same(s->scheme, "abfss") && is_elsewhere(cx, s, l))
		return fail(cx, INVALID, "\"%s\" is not in %s", l->text, s->azure_domain);
	if (location_within(l, &base) && !text_same(l->path, base.path))
		return OK;
	for (size_t i = 0; i < ALLOWED_MAX && s->allowed[i]; i++) {
		status = location_parse(cx, s->allowed[i], &base);
		if (status)
			return status;
		if (location_within(l, &base))
			return OK;
	}
	return fail(cx, INVALID, "\"%s\" is not within the warehouse's locations", l->text);
}
