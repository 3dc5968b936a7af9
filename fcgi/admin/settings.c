/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c - /api/v1/config/settings: what a tenant's administrators set for all of it. */
#include "stores/settings.h"

#include "common/mail.h"
#include "common/text.h"
#include "fcgi/actor.h"
#include "fcgi/admin/admin.h"
#include "vending/smtp.h"

#define MAX_DAYS 36500

/* What the password is for. */
static struct json_object *mail(struct cx *cx, const struct setting *v)
{
	struct json_object *o = json_new_object(cx);

	json_set_text(o, "smtp_host", v->smtp_host);
	json_set_int(o, "smtp_port", v->smtp_port);
	json_set_text(o, "smtp_password", v->smtp_password);
	return o;
}

static enum status show(struct request *rq, const void *item, struct json_object **out)
{
	const struct setting *v = item;
	enum status s = admin_json(rq->cx, &v->row, out);

	if (s)
		return s;
	if (!v->default_retention_days)
		json_set(*out, "default_retention_days", NULL);
	if (!v->smtp_port)
		json_set(*out, "smtp_port", NULL);
	json_set(*out, "smtp_password",
		 json_member(secrets_mask(rq->cx, mail(rq->cx, v)), "smtp_password"));
	return OK;
}

enum status get_settings(struct request *rq)
{
	struct setting v;
	enum status s = setting_find(rq->cx, rq->rs->store, rq->tenant_id, &v);

	return s ? s : admin_answer(rq, 200, &v, show);
}

static enum status read_number(struct request *rq, const char *key, int64_t most, int64_t *out)
{
	enum status s = json_opt_int(rq->cx, rq->json, "", key, out);

	if (!s && json_member(rq->json, key) && (*out < 1 || *out > most))
		s = fail(rq->cx, INVALID, "%s: not from 1 to %lld", key, (long long)most);
	return s;
}

static enum status read_name(struct request *rq, const char *key, const char **out)
{
	enum status s = json_opt_text(rq->cx, rq->json, "", key, out);

	if (s || !*out)
		return s;
	if (!**out)
		*out = NULL; /* a form's empty field */
	return *out ? admin_check_text(rq->cx, key, *out) : OK;
}

/* A masked one is what it was, where mail still goes by the same server, or by none. */
static enum status restore_password(struct request *rq, const struct setting *old,
				    struct setting *v)
{
	struct json_object *now = mail(rq->cx, v), *before = mail(rq->cx, old);
	const char *sent = v->smtp_password;
	enum status s;

	if (!v->smtp_host)
		json_set(now, "smtp_host", json_member(before, "smtp_host"));
	if (!v->smtp_host)
		json_set(now, "smtp_port", json_member(before, "smtp_port"));
	s = secrets_restore(rq->cx, now, before, NULL);
	v->smtp_password = json_text(now, "smtp_password");
	if (s || !v->smtp_host || text_same(sent, v->smtp_password))
		return s;
	return text_same(v->smtp_user, old->smtp_user)
		       ? OK
		       : fail(rq->cx, INVALID,
			      "smtp_password is masked, and smtp_user is another: give it anew");
}

static enum status check_mail(struct request *rq, const struct setting *v)
{
	const struct smtp_server server = { v->smtp_host, v->smtp_port, v->smtp_user, NULL };

	if (v->smtp_from && !mail_address_is_sane(v->smtp_from))
		return fail(rq->cx, INVALID, "smtp_from: no e-mail address: \"%s\"", v->smtp_from);
	return v->smtp_host ? smtp_check(rq->cx, rq->rs->config->outbound_allow, &server) : OK;
}

/* What the body leaves out is unset from then on, as clients expect; a masked password stays. */
static enum status read_settings(struct request *rq, const struct setting *old, struct setting *v)
{
	enum status s =
		json_opt_bool(rq->cx, rq->json, "", "allow_public_signup", &v->allow_public_signup);

	if (!s)
		s = read_name(rq, "default_warehouse_bucket", &v->default_warehouse_bucket);
	if (!s)
		s = read_number(rq, "default_retention_days", MAX_DAYS, &v->default_retention_days);
	if (!s)
		s = read_name(rq, "smtp_host", &v->smtp_host);
	if (!s)
		s = read_number(rq, "smtp_port", 65535, &v->smtp_port);
	if (!s)
		s = read_name(rq, "smtp_user", &v->smtp_user);
	if (!s)
		s = read_name(rq, "smtp_password", &v->smtp_password);
	if (!s)
		s = read_name(rq, "smtp_from", &v->smtp_from);
	if (!s)
		s = restore_password(rq, old, v);
	return s ? s : check_mail(rq, v);
}

static enum status update_once(struct request *rq, struct setting *v)
{
	struct setting old;
	enum status s = setting_find(rq->cx, rq->rs->store, rq->tenant_id, &old);

	*v = (struct setting){ .row = old.row, .tenant_id = rq->tenant_id };
	if (!s)
		s = read_settings(rq, &old, v);
	return s ? s : setting_put(rq->cx, rq->rs->store, v, request_actor(rq));
}

enum status update_settings(struct request *rq)
{
	struct setting v;
	enum status s = request_json(rq, false);

	if (s)
		return s;
	s = update_once(rq, &v);
	for (int i = 1; s == CONFLICT && i < ADMIN_TRIES; i++)
		s = update_once(rq, &v);
	return s ? s : admin_answer(rq, 200, &v, show);
}
