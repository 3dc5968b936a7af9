/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - the table of settings, and reading it from the environment. */
#include "common/config.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#include "common/text.h"

enum setting_type { SET_TEXT, SET_FILE, SET_BOOL, SET_INT };

/*
 * SET_FILE: the text, or the name of a file that holds it in NAME_FILE, so that a
 * secret need not stand in the environment.
 */
struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;
	const char *unit;
	const char *fallback; /* NULL = none */
	int64_t min, max;
	const char *help;
};

#define AT(member) offsetof(struct config, member)
#define MIB ((int64_t)1 << 20)

static const struct setting settings[] = {
	{ "DATABASE_URL", SET_TEXT, AT(database_url), "URL", NULL, 0, 0,
	  "the store: sqlite:///path, postgresql://user@host/database, mongodb://host/database, "
	  "memory:/tmpfs-folder (docs/stores.md); unset is memory (lost at reboot)" },
	{ "PANGOLIN_PUBLIC_URL", SET_TEXT, AT(public_url), "URL", NULL, 0, 0,
	  "how clients reach the server, scheme://host[:port]; unset is taken from the request" },
	{ "PANGOLIN_RUNTIME_DIR", SET_TEXT, AT(runtime_dir), "folder", NULL, 0, 0,
	  "where caches and locks are kept; unset keeps none" },
	{ "PANGOLIN_KEYS_DIR", SET_TEXT, AT(keys_dir), "folder", NULL, 0, 0,
	  "identity.pem, identity.pub.json and storage.key" },
	{ "PANGOLIN_STORAGE_KEY", SET_TEXT, AT(storage_key), "keys", NULL, 0, 0,
	  "what storage.key would hold, ',' between its lines: the file is not read then" },
	{ "PANGOLIN_FILE_ROOTS", SET_TEXT, AT(file_roots), "folders", NULL, 0, 0,
	  "folders file warehouses may lie in, ':' between; unset allows none" },
	{ "PANGOLIN_CA_FILE", SET_TEXT, AT(ca_file), "file", NULL, 0, 0,
	  "PEM file of the authorities that vouch for storages' certificates; unset is the "
	  "system's" },
	{ "PANGOLIN_REFUSE_LOOPBACK", SET_BOOL, AT(refuse_loopback), "boolean", "false", 0, 0,
	  "storages on this machine's own loopback addresses are refused" },
	{ "PANGOLIN_OUTBOUND_ALLOW", SET_TEXT, AT(outbound_allow), "hosts", NULL, 0, 0,
	  "the only hosts this server talks to (storages, token services, upstream catalogs): "
	  "host, "
	  "host:port or *.domain, ',' between; unset is every host; link-local and metadata "
	  "addresses are always refused" },
	{ "PANGOLIN_TRUST_WAREHOUSES", SET_BOOL, AT(trust_warehouses), "boolean", "false", 0, 0,
	  "warehouses may name key files on this machine and use its own cloud identity: only "
	  "where "
	  "every tenant's administrators may have what they open" },
	{ "PANGOLIN_DEFAULT_STORAGE", SET_TEXT, AT(default_storage), "file", NULL, 0, 0,
	  "JSON file of a warehouse (storage_config, use_sts, vending_strategy) for catalogs that "
	  "have none; each tenant has a folder of its own there" },
	{ "PANGOLIN_NO_AUTH", SET_BOOL, AT(no_auth), "boolean", "false", 0, 0,
	  "everyone without a credential is administrator of the default tenant; only from this "
	  "machine itself unless PANGOLIN_NO_AUTH_ANYWHERE is true too" },
	{ "PANGOLIN_NO_AUTH_ANYWHERE", SET_BOOL, AT(no_auth_anywhere), "boolean", "false", 0, 0,
	  "with PANGOLIN_NO_AUTH: and from anywhere else" },
	{ "PANGOLIN_ROOT_USER", SET_TEXT, AT(root_user), "text", "root", 0, 0,
	  "name of the root user" },
	{ "PANGOLIN_ROOT_PASSWORD", SET_FILE, AT(root_password), "text", NULL, 0, 0,
	  "password of the root user, or its file in PANGOLIN_ROOT_PASSWORD_FILE; unset is no "
	  "login" },
	{ "PANGOLIN_CORS_ALLOWED_ORIGINS", SET_TEXT, AT(cors_allowed_origins), "origins", "*", 0, 0,
	  "web pages that may call the server, ',' between; * is all" },
	{ "PANGOLIN_TRUSTED_PROXIES", SET_TEXT, AT(trusted_proxies), "addresses", NULL, 0, 0,
	  "proxies whose X-Forwarded-* headers count, ',' between" },
	{ "PANGOLIN_MAX_BODY_BYTES", SET_INT, AT(max_body_bytes), "bytes", "16777216", 1024,
	  1024 * MIB, "largest request body" },
	{ "PANGOLIN_MAX_METADATA_BYTES", SET_INT, AT(max_metadata_bytes), "bytes", "67108864", 1024,
	  1024 * MIB, "largest table metadata" },
	{ "PANGOLIN_MAX_JSON_DEPTH", SET_INT, AT(max_json_depth), "levels", "128", 8, 512,
	  "deepest nesting of JSON" },
	{ "PANGOLIN_REQUEST_TIMEOUT_MS", SET_INT, AT(request_timeout_ms), "ms", "25000", 100,
	  600000, "time for one request once its body is read; the web server's must be longer" },
	{ "PANGOLIN_BODY_TIMEOUT_MS", SET_INT, AT(body_timeout_ms), "ms", "10000", 100, 600000,
	  "time for a request's body to arrive, and one second more for each 64 KiB" },
	{ "PANGOLIN_MAX_REQUESTS", SET_INT, AT(max_requests), "requests", "0", 0, INT64_MAX,
	  "then a process ends and its supervisor starts another; 0 is never" },
	{ "PANGOLIN_COMMIT_TRIES", SET_INT, AT(commit_tries), "tries", "20", 1, 1000,
	  "how often a commit is tried against other writers before it is refused" },
	{ "PANGOLIN_MAX_PAGE_SIZE", SET_INT, AT(max_page_size), "rows", "1000", 1, 10000,
	  "most rows of one page of a list" },
	{ "PANGOLIN_CACHE_BYTES", SET_INT, AT(cache_bytes), "bytes", "1073741824", 0, INT64_MAX,
	  "size of the metadata cache in the runtime folder" },
	{ "PANGOLIN_PASSWORD_RULE", SET_BOOL, AT(password_rule), "boolean", "true", 0, 0,
	  "new passwords have at least 8 characters and stand in no manual" },
	{ "PANGOLIN_PASSWORD_SLOTS", SET_INT, AT(password_slots), "hashes", "2", 1, 1000,
	  "password hashes worked out at once (32 MiB each); half of pangolin-credentials' "
	  "processes" },
	{ "PANGOLIN_AUTH_RATE_LIMIT", SET_INT, AT(auth_rate_limit), "failures", "10", 0, 1000000,
	  "failed logins of one address in a window, then 429 for the rest of it; 0 is off" },
	{ "PANGOLIN_AUTH_RATE_WINDOW_SECS", SET_INT, AT(auth_rate_window_s), "s", "60", 1, 86400,
	  "length of the window" },
	{ "PANGOLIN_AUTH_LOCKOUT", SET_INT, AT(auth_lockout), "failures", "10", 0, 1000000,
	  "failed logins to one account in a row, then 429; 0 is off" },
	{ "PANGOLIN_AUTH_LOCKOUT_SECS", SET_INT, AT(auth_lockout_s), "s", "300", 1, 86400,
	  "how long an account then takes no password, and how long a failure is remembered" },
	{ "PANGOLIN_COUNTS", SET_BOOL, AT(counts), "boolean", "false", 0, 0,
	  "each answer says in X-Pangolin-Counts how many round trips and objects it took" },
	{ "PANGOLIN_METRICS_ENABLED", SET_BOOL, AT(metrics_enabled), "boolean", "true", 0, 0,
	  "/metrics answers, to whoever can reach it" },
	{ "PANGOLIN_SCAN_FILES", SET_INT, AT(scan_files), "files", "2000", 1, 100000,
	  "most files in one answer of a planned scan; the others are fetched by plan tasks" },
	{ "PANGOLIN_SCAN_BYTES", SET_INT, AT(scan_bytes), "bytes", "33554432", 1, 1024 * MIB,
	  "manifests read for one answer of a planned scan; one is always read" },
	{ "PANGOLIN_SCAN_TTL_S", SET_INT, AT(scan_ttl_s), "s", "3600", 10, 86400,
	  "how long the tasks of a planned scan can be fetched" },
	{ "PANGOLIN_LOGIN_TTL_S", SET_INT, AT(login_ttl_s), "s", "86400", 60, 31536000,
	  "life of a login's token" },
	{ "PANGOLIN_OAUTH_TTL_S", SET_INT, AT(oauth_ttl_s), "s", "3600", 60, 31536000,
	  "life of a token from /v1/oauth/tokens" },
	{ "PANGOLIN_METRICS_PER_TABLE", SET_INT, AT(metrics_per_table), "reports", "100", 0, 10000,
	  "metrics reports kept of one table, the latest; 0 keeps none" },
	{ "PANGOLIN_METRICS_DAYS", SET_INT, AT(metrics_days), "days", "30", 1, 400,
	  "how long they are kept; `pangolin work` removes older ones" },
	{ "PANGOLIN_METRICS_BYTES", SET_INT, AT(metrics_bytes), "bytes", "65536", 1024, MIB,
	  "largest metrics report" },
	{ "PANGOLIN_AUDIT_DAYS", SET_INT, AT(audit_days), "days", "365", 0, 36500,
	  "how long audit records are kept; `pangolin work` removes older ones; 0 is for ever" },
	{ "PANGOLIN_COMMIT_DAYS", SET_INT, AT(commit_days), "days", "90", 0, 36500,
	  "how long commits and merges of catalogs that don't say (commits.retention-days) are "
	  "kept; 0 is for ever" },
	{ "PANGOLIN_AUDIT_SEAL_AGE_S", SET_INT, AT(audit_seal_age_s), "s", "600", 120, 86400,
	  "how old audit records are when they are sealed; more than the hosts' clocks differ" },
	{ "PANGOLIN_IDEMPOTENCY_TTL_S", SET_INT, AT(idempotency_ttl_s), "s", "1800", 60, 2592000,
	  "how long a request may be sent again under its Idempotency-Key" },
};

static enum status read_file(struct cx *cx, const char *name, const char *path, const char **out)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return fail(cx, INVALID, "%s_FILE: %s: %s", name, path, strerror(errno));
	n = read(fd, text, sizeof(text));
	close(fd);
	if (n < 0 || n == (ssize_t)sizeof(text))
		return fail(cx, INVALID, "%s_FILE: %s can't be read or is too large", name, path);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	*out = cx_strndup(cx, text, (size_t)n);
	return OK;
}

static enum status set_bool(struct cx *cx, const struct setting *s, const char *text, bool *out)
{
	static const char *const yes[] = { "true", "1", "yes", "on" };
	static const char *const no[] = { "false", "0", "no", "off", "" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcasecmp(text, yes[i]) == 0) {
			*out = true;
			return OK;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(no); i++) {
		if (strcasecmp(text, no[i]) == 0) {
			*out = false;
			return OK;
		}
	}
	return fail(cx, INVALID, "%s is neither true nor false: \"%s\"", s->name, text);
}

static enum status set_int(struct cx *cx, const struct setting *s, const char *text, int64_t *out)
{
	if (!text_int(text, out) || *out < s->min || *out > s->max)
		return fail(cx, INVALID, "%s is no number of %s from %lld to %lld: \"%s\"", s->name,
			    s->unit, (long long)s->min, (long long)s->max, text);
	return OK;
}

enum status config_secret(struct cx *cx, const char *name, const char **out)
{
	const char *text = getenv(name);
	const char *path = getenv(cx_printf(cx, "%s_FILE", name));

	if (path && *path)
		return read_file(cx, name, path, out);
	*out = text && *text ? cx_strdup(cx, text) : NULL;
	return OK;
}

static enum status read_setting(struct cx *cx, const struct setting *s, struct config *out)
{
	void *at = (char *)out + s->offset;
	const char *text = getenv(s->name);

	if (s->type == SET_FILE)
		return config_secret(cx, s->name, at);
	if (!text || !*text)
		text = s->fallback;
	switch (s->type) {
	case SET_BOOL:
		return set_bool(cx, s, text, at);
	case SET_INT:
		return set_int(cx, s, text, at);
	default:
		*(const char **)at = cx_strdup(cx, text);
		return OK;
	}
}

static enum status check_public_url(struct cx *cx, const char *url)
{
	const char *host;

	if (!url)
		return OK;
	host = strstr(url, "://");
	if (!(text_starts(url, "http://") || text_starts(url, "https://")) || !host[3])
		return fail(cx, INVALID,
			    "PANGOLIN_PUBLIC_URL is no http:// or https:// URL: \"%s\"", url);
	if (strpbrk(host + 3, "/?#@ \t\"\\"))
		return fail(cx, INVALID,
			    "PANGOLIN_PUBLIC_URL is more than scheme://host[:port]: \"%s\"", url);
	return OK;
}

enum status config_read(struct cx *cx, struct config *out)
{
	enum status s;

	*out = (struct config){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		s = read_setting(cx, &settings[i], out);
		if (s)
			return s;
	}
	return check_public_url(cx, out->public_url);
}

void config_help(void (*line)(const char *name, const char *unit, const char *fallback,
			      const char *help))
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		line(settings[i].name, settings[i].unit, settings[i].fallback, settings[i].help);
}
