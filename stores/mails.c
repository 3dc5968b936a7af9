/* SPDX-License-Identifier: Apache-2.0 */
/* mails.c - letters: to whom, and what they say. */
#include "stores/mails.h"

#include "common/mail.h"
#include "common/text.h"
#include "stores/jobs.h"
#include "stores/principals.h"
#include "stores/requests.h"
#include "stores/settings.h"

#define MAX_LETTER 20000

static const char *const words[] = {
	[MAIL_ACCESS_ASKED] = "access-asked",
	[MAIL_ACCESS_DECIDED] = "access-decided",
	[MAIL_SIGNUP] = "signup",
	[MAIL_SIGNUP_KNOWN] = "signup-known",
};

enum status mail_add(struct cx *cx, struct store *st, const char *tenant_id, enum mail_about about,
		     const char *id, struct change *list, size_t *n)
{
	struct setting v;
	enum status s = setting_find(cx, st, tenant_id, &v);

	if (!s && v.smtp_host)
		list[(*n)++] =
			(struct change){ INSERT, &job_mail(cx, tenant_id, words[about], id)->row };
	return s;
}

const char *mail_sender(struct cx *cx, const struct setting *v)
{
	const char *of_host = cx_printf(cx, "pangolin@%s", v->smtp_host);

	if (v->smtp_from)
		return v->smtp_from;
	if (v->smtp_user && mail_address_is_sane(v->smtp_user))
		return v->smtp_user;
	return mail_address_is_sane(of_host) ? of_host : "pangolin@localhost.localdomain";
}

/* --- to whom --------------------------------------------------------------------------- */

static void add_receiver(struct letter *l, const char *email)
{
	if (email && mail_address_is_sane(email) && l->n_to < MAIL_MAX_RECEIVERS)
		l->to[l->n_to++] = email;
}

static enum status add_administrators(struct cx *cx, struct store *st, const char *tenant_id,
				      struct letter *l)
{
	struct user from = { .row = ROW(user), .tenant_id = tenant_id };
	struct query q = { .from = &from.row, .bound = 1 };
	struct rows rows;
	const struct user *u;
	enum status s = store_list_all(cx, st, &q, &rows);

	u = rows.items;
	for (size_t i = 0; !s && i < rows.n; i++)
		if (u[i].active && text_same(u[i].role, "tenant-admin"))
			add_receiver(l, u[i].email);
	return s;
}

/* A service user reads no mail. */
static enum status add_user(struct cx *cx, struct store *st, const char *tenant_id, const char *id,
			    struct letter *l)
{
	struct user u;
	enum status s = user_find_id(cx, st, tenant_id, id, &u);

	if (!s && u.active)
		add_receiver(l, u.email);
	return s == NOT_FOUND ? OK : s;
}

/* --- what about ------------------------------------------------------------------------ */

static const char *or_none(const char *text)
{
	return text && *text ? text : "(none)";
}

static const char *place(const char *url)
{
	return url ? url : "";
}

static enum status access_asked(struct cx *cx, struct store *st, const struct access_request *r,
				const char *url, struct letter *out)
{
	if (!text_same(r->status, "pending"))
		return OK; /* decided meanwhile */
	out->subject = cx_printf(cx, "%s asks to read %s", r->username, r->resource);
	out->text = cx_printf(cx,
			      "%s asks to read %s.\n\nReason: %s\n\n"
			      "To decide: PUT %s/api/v1/access-requests/%s\n"
			      "{\"status\": \"approved\"} or {\"status\": \"rejected\"}\n",
			      r->username, r->resource, or_none(r->reason), place(url), r->id);
	return add_administrators(cx, st, r->tenant_id, out);
}

static enum status access_decided(struct cx *cx, struct store *st, const struct access_request *r,
				  struct letter *out)
{
	if (text_same(r->status, "pending"))
		return OK;
	out->subject = cx_printf(cx, "%s: your request was %s", r->resource, r->status);
	out->text = cx_printf(cx, "Your request to read %s was %s.\n\nComment: %s\n", r->resource,
			      r->status, or_none(r->review_comment));
	return add_user(cx, st, r->tenant_id, r->user_id, out);
}

static enum status about_access(struct cx *cx, struct store *st, const char *tenant_id,
				const char *id, bool decided, const char *url, struct letter *out)
{
	struct access_request r;
	enum status s = access_request_find(cx, st, tenant_id, id, &r);

	if (s)
		return s == NOT_FOUND ? OK : s;
	return decided ? access_decided(cx, st, &r, out) : access_asked(cx, st, &r, url, out);
}

static enum status about_signup(struct cx *cx, struct store *st, const char *id, const char *url,
				struct letter *out)
{
	struct signup v = { .row = ROW(signup), .token_hash = id };
	enum status s = store_get(cx, st, &v.row);

	if (s)
		return s == NOT_FOUND ? OK : s;
	if (!v.token) /* whoever has no storage key must leave it to one who has */
		return fail(cx, UNAVAILABLE, "the storage key is needed to send a signup's token");
	add_receiver(out, v.email);
	out->subject = "Your account: is this your address?";
	out->text = cx_printf(cx,
			      "Somebody, you we hope, asked for an account for %s.\n\n"
			      "Your token: %s\n\n"
			      "To get the account, send it with the password that was chosen:\n"
			      "POST %s/api/v1/signup/confirm\n"
			      "{\"token\": \"...\", \"password\": \"...\"}\n\n"
			      "The token ends within a day. If it was not you, do nothing.\n",
			      v.email, v.token, place(url));
	return OK;
}

static void about_known(struct cx *cx, const char *email, struct letter *out)
{
	add_receiver(out, email);
	out->subject = "You have an account already";
	out->text = cx_printf(cx,
			      "Somebody, you we hope, asked for an account for %s. There is one "
			      "already, and nothing was changed.\n",
			      email);
}

enum status mail_letter(struct cx *cx, struct store *st, const char *tenant_id,
			struct json_object *payload, const char *url, struct letter *out)
{
	const char *about, *id;
	enum status s = json_get_text(cx, payload, "", "about", &about);

	*out = (struct letter){ .n_to = 0 };
	if (!s)
		s = json_get_text(cx, payload, "", "id", &id);
	if (s)
		return s;
	if (text_same(about, words[MAIL_ACCESS_ASKED]))
		return about_access(cx, st, tenant_id, id, false, url, out);
	if (text_same(about, words[MAIL_ACCESS_DECIDED]))
		return about_access(cx, st, tenant_id, id, true, url, out);
	if (text_same(about, words[MAIL_SIGNUP]))
		return about_signup(cx, st, id, url, out);
	if (!text_same(about, words[MAIL_SIGNUP_KNOWN]))
		return fail(cx, INVALID, "no mail is about \"%s\"", about);
	about_known(cx, id, out);
	return OK;
}
