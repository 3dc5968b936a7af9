/* SPDX-License-Identifier: Apache-2.0 */
/* azure_session.c - shared access signatures of a table's directories. */
#include "common/text.h"
#include "vending/azure.h"
#include "vending/session.h"

/* A directory's name that is signed must be read alike by all, also by who decodes twice. */
static enum status check_name(struct cx *cx, const char *path)
{
	for (const char *c = path; *c; c++)
		if (*c == '%' || (unsigned char)*c >= 0x80)
			return fail(cx, INVALID,
				    "no session can be limited to a folder with such a name: '%%' "
				    "or a letter beyond ASCII");
	return OK;
}

/* A signature for the container is for every table in it: only where the warehouse says so. */
static enum status sign_folder(struct cx *cx, const struct vend_request *r,
			       const struct location *folder, struct azure_sas *sas,
			       const char **out)
{
	size_t n = strcspn(folder->authority, "@");

	if (!text_same(folder->authority + n + 1, r->storage->account_name))
		return fail(cx, INVALID, "\"%s\" is not in the storage account \"%s\"",
			    folder->text, r->storage->account_name);
	sas->container = cx_strndup(cx, folder->authority, n);
	sas->path = r->storage->sas_of_container ? NULL : folder->path + 1;
	return azure_sas_token(cx, sas, out);
}

static enum status make(struct cx *cx, struct cloud *c, const struct vend_request *r,
			struct session *out)
{
	const char *service = azure_service(cx, r->storage);
	struct azure_sas sas = { .account = r->storage->account_name,
				 .verbs = r->scope->verbs,
				 .expires_ms = cx_now_ms() + session_ms(r),
				 .http = text_starts(service, "http:") };
	enum status s = OK;

	for (size_t i = 0; !s && i < r->scope->n; i++)
		s = check_name(cx, r->scope->folders[i].path);
	if (!s)
		s = azure_sas_key(cx, c, r->storage, &sas);
	for (size_t i = 0; !s && i < r->scope->n; i++)
		s = sign_folder(cx, r, &r->scope->folders[i], &sas, &out->tokens[i]);
	if (s)
		return s;
	out->expires_ms = sas.expires_ms / 1000 * 1000;
	out->id = session_name_of(cx, out->tokens[0]);
	return OK;
}

static enum status own(struct cx *cx, const struct vend_request *r, struct session *out)
{
	if (!r->storage->account_key)
		return fail(cx, INVALID, "the warehouse has no azure.account-key to give");
	*out = (struct session){ .id = "account-key", .secret = r->storage->account_key };
	return OK;
}

/* Java looks for the account's host, others for its name. */
static void set_for(struct cx *cx, const struct storage *s, const char *name, const char *value,
		    struct json_object *config)
{
	json_set_text(config, cx_printf(cx, "%s.%s", name, s->account_name), value);
	json_set_text(config, cx_printf(cx, "%s.%s.dfs.%s", name, s->account_name, s->azure_domain),
		      value);
}

/* Under the bare name the token has its '?': PyArrow puts it behind a URL as it is. */
static void tell(struct cx *cx, const struct vend_request *r, const struct session *s, size_t i,
		 int64_t until_ms, struct json_object *config)
{
	const char *until;

	if (s->secret) {
		json_set_text(config, "adls.account-key", s->secret);
		json_set_text(config, "adls.auth.shared-key.account.name",
			      r->storage->account_name);
		json_set_text(config, "adls.auth.shared-key.account.key", s->secret);
		return;
	}
	set_for(cx, r->storage, "adls.sas-token", s->tokens[i], config);
	json_set_text(config, "adls.sas-token", cx_printf(cx, "?%s", s->tokens[i]));
	if (!until_ms)
		return;
	until = cx_printf(cx, "%lld", (long long)until_ms);
	set_for(cx, r->storage, "adls.sas-token-expires-at-ms", until, config);
	json_set_text(config, "adls.sas-token-expires-at-ms", until);
}

static void use(const struct session *s, struct storage *out)
{
	if (s->secret)
		return;
	out->account_key = out->client_secret = out->access_token = NULL;
	out->sas_token = s->tokens[0];
}

const struct session_ops azure_sessions = {
	.scheme = "abfss",
	.make = make,
	.own = own,
	.tell = tell,
	.use = use,
	.refresh = "adls.refresh-credentials-endpoint",
};
