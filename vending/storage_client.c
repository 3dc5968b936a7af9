/* SPDX-License-Identifier: Apache-2.0 */
/* storage_client.c - what clients may know of a storage, under the names that they read. */
#include "common/text.h"
#include "vending/storage.h"

/* "host:port/account", or the host where the account is its first label. */
static void set_account_host(const struct storage *s, const char *host, struct json_object *config)
{
	size_t n = strlen(s->account_name);
	char text[512];

	if (!strncmp(host, s->account_name, n) && host[n] == '.')
		snprintf(text, sizeof(text), "%s", host);
	else
		snprintf(text, sizeof(text), "%s/%s", host, s->account_name);
	json_set_text(config, "adls.account-host", text);
}

/* Under the names of PyIceberg's two file systems. */
static void azure_client_config(const struct storage *s, struct json_object *config)
{
	const char *scheme_end = s->endpoint ? strstr(s->endpoint, "://") : NULL;
	static const char *const services[] = { "blob", "dfs" };

	json_set_text(config, "adls.account-name", s->account_name);
	if (scheme_end)
		set_account_host(s, scheme_end + 3, config);
	for (size_t i = 0; scheme_end && i < ARRAY_SIZE(services); i++) {
		char key[64], scheme[8];

		snprintf(scheme, sizeof(scheme), "%.*s", (int)(scheme_end - s->endpoint),
			 s->endpoint);
		snprintf(key, sizeof(key), "adls.%s-storage-authority", services[i]);
		json_set_text(config, key, scheme_end + 3);
		snprintf(key, sizeof(key), "adls.%s-storage-scheme", services[i]);
		json_set_text(config, key, scheme);
	}
}

static void google_client_config(const struct storage *s, struct json_object *config)
{
	if (s->project_id)
		json_set_text(config, "gcs.project-id", s->project_id);
	if (s->endpoint)
		json_set_text(config, "gcs.service.host", s->endpoint);
}

static void s3_client_config(const struct storage *s, struct json_object *config)
{
	if (s->endpoint)
		json_set_text(config, "s3.endpoint", s->endpoint);
	json_set_text(config, "s3.region", s->region);
	json_set_text(config, "client.region", s->region);
	json_set_text(config, "s3.path-style-access", s->path_style ? "true" : "false");
}

void storage_client_config(const struct storage *s, struct json_object *config)
{
	if (text_same(s->scheme, "s3"))
		s3_client_config(s, config);
	else if (text_same(s->scheme, "abfss"))
		azure_client_config(s, config);
	else if (text_same(s->scheme, "gs"))
		google_client_config(s, config);
}
