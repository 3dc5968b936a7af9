/* SPDX-License-Identifier: Apache-2.0 */
/* signup.c - people who ask for an account themselves.  No answer says whether an address has one. */
#include "stores/signups.h"

#include <ctype.h>

#include "common/hmac.h"
#include "common/mail.h"
#include "common/password.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/attempts.h"
#include "fcgi/credentials/credentials.h"
#include "fcgi/external.h"

struct asked {
	const char *email, *password, *tenant_id;
};

static struct password_limit limit_of(const struct request *rq)
{
	const struct config *c = rq->rs->config;

	return (struct password_limit){ c->runtime_dir, c->password_slots };
}

/* An audit record's start: nobody yet, but an address. */
static const struct audit *actor(struct request *rq, const char *email)
{
	struct audit *a = CX_NEW(rq->cx, struct audit);

	*a = *request_actor(rq);
	a->username = email;
	return a;
}

/* --- asking ------------------------------------------------------------------------------ */

static enum status read_address(struct request *rq, const char **out)
{
	const char *link = rq->rs->external->providers.link_domains, *text;
	enum status s = json_get_text(rq->cx, rq->json, "", "email", &text);
	char *email;

	if (s)
		return s;
	if (!mail_address_is_sane(text))
		return fail(rq->cx, INVALID, "email: no e-mail address: \"%.254s\"", text);
	email = cx_strdup(rq->cx, text);
	for (char *c = email; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	*out = email;
	/* Whoever logs in elsewhere by it becomes who has it here: fcgi/external.h. */
	return provider_lists(link, strchr(email, '@') + 1)
		       ? fail(rq->cx, DENIED, "addresses of this domain log in by their provider")
		       : OK;
}

static enum status read_asked(struct request *rq, struct asked *a)
{
	struct cx *cx = rq->cx;
	enum status s = request_json(rq, false);

	a->tenant_id = NIL_UUID;
	if (!s)
		s = json_opt_text(cx, rq->json, "", "tenant_id", &a->tenant_id);
	if (!s)
		s = json_opt_text(cx, rq->json, "", "tenant-id", &a->tenant_id);
	if (!s && !text_is_uuid(a->tenant_id))
		s = fail(cx, INVALID, "tenant-id is no UUID");
	if (!s)
		s = json_get_text(cx, rq->json, "", "password", &a->password);
	return s ? s : read_address(rq, &a->email);
}

/* Where mail to the address ends: most servers put ada+1@ and ada+2@ into ada's mailbox. */
static const char *mailbox_of(struct cx *cx, const char *email)
{
	size_t n = strcspn(email, "+@");

	return n ? cx_printf(cx, "%.*s%s", (int)n, email, strchr(email, '@')) : email;
}

/* Each counts, as a failed login does: of where it comes from; and for the mailbox, which
 * nobody shall fill, as long as what was mailed is worth something. */
static enum status count(struct request *rq, const struct asked *a)
{
	struct attempts attempts;
	enum status s = attempts_check(rq, cx_printf(rq->cx, "signup %s", a->tenant_id),
				       mailbox_of(rq->cx, a->email), &attempts);

	attempts.account_s = SIGNUP_MS / 1000;
	return s ? s : attempts_failed(rq, &attempts);
}

enum status sign_up(struct request *rq)
{
	struct json_object *o = json_new_object(rq->cx);
	struct password_limit limit = limit_of(rq);
	const char *hash;
	struct setting v;
	struct asked a;
	enum status s = read_asked(rq, &a);

	if (!s)
		s = signup_allowed(rq->cx, rq->rs->store, a.tenant_id, &v);
	if (!s && rq->rs->config->password_rule)
		s = password_rule(rq->cx, a.password);
	if (!s)
		s = count(rq, &a);
	if (!s)
		s = password_hash(rq->cx, &limit, a.password, &hash);
	if (!s)
		s = signup_ask(rq->cx, rq->rs->store, &v, a.email, hash, actor(rq, a.email));
	if (s)
		return s;
	json_set_text(o, "status", v.smtp_host ? "confirmation-mailed" : "awaiting-activation");
	json_set_text(o, "message",
		      v.smtp_host ? "a message was sent to the address: confirm by its token"
				  : "an administrator has to activate the account");
	return answer_json(rq, 202, o);
}

/* --- confirming -------------------------------------------------------------------------- */

/* The address's owner may not be who chose the password: each proves one half. */
static enum status check_password(struct request *rq, const char *token, const char *password,
				  struct signup *v)
{
	const char *hash = sha256_hex(rq->cx, token, strlen(token));
	struct password_limit limit = limit_of(rq);
	struct attempts attempts;
	enum status s = attempts_check(rq, "signup", hash, &attempts);

	if (!s)
		s = signup_find(rq->cx, rq->rs->store, token, v);
	if (s && s != NOT_FOUND)
		return s;
	s = password_verify(rq->cx, &limit, password, s ? NULL : v->password_hash);
	if (s != UNAUTHENTICATED)
		return s;
	(void)fail(rq->cx, s,
		   "the token is not known here, was used, or is too old, or the password is not "
		   "the one that was chosen");
	return auth_failed(rq, &attempts, "", "unknown");
}

enum status confirm_signup(struct request *rq)
{
	const char *token, *password;
	struct setting setting;
	struct signup v;
	struct user u;
	enum status s = request_json(rq, false);

	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "token", &token);
	if (!s)
		s = json_get_text(rq->cx, rq->json, "", "password", &password);
	if (!s)
		s = check_password(rq, token, password, &v);
	if (!s)
		s = signup_allowed(rq->cx, rq->rs->store, v.tenant_id, &setting);
	if (!s)
		s = signup_confirm(rq->cx, rq->rs->store, &v, actor(rq, v.email), &u);
	return s ? s : answer_json(rq, 201, user_info(rq->cx, &u));
}
