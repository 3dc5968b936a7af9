/* SPDX-License-Identifier: Apache-2.0 */
/* mail.c - a letter on its way to a tenant's mail server. */
#include "cli/mail.h"

#include "common/log.h"
#include "common/mail.h"
#include "stores/mails.h"
#include "stores/settings.h"

static enum status send(struct cx *cx, const struct http_limits *limits, const struct setting *v,
			const struct letter *l, const char *id)
{
	struct mail mail = { .id = id,
			     .from = mail_sender(cx, v),
			     .to = l->to,
			     .n_to = l->n_to,
			     .subject = l->subject,
			     .text = l->text };
	struct smtp_server server = { v->smtp_host, v->smtp_port, v->smtp_user, v->smtp_password };
	struct smtp_message m = { .from = mail.from, .to = l->to, .n_to = l->n_to };
	enum status s = mail_print(cx, &mail, cx_now_ms(), &m.bytes, &m.n);

	return s ? s : smtp_send(cx, limits, &server, &m);
}

static bool is_silent(const struct mail_silence *silence, const char *tenant_id)
{
	for (size_t i = 0; i < MAIL_SILENT; i++)
		if (!strcmp(silence->of[i].tenant_id, tenant_id) &&
		    silence->of[i].until_ms > cx_monotonic_ms())
			return true;
	return false;
}

static void note_silence(struct mail_silence *silence, const char *tenant_id)
{
	size_t i = silence->next++ % MAIL_SILENT;

	snprintf(silence->of[i].tenant_id, sizeof(silence->of[i].tenant_id), "%s", tenant_id);
	silence->of[i].until_ms = cx_monotonic_ms() + MAIL_SILENT_MS;
}

static bool is_too_old(const struct job *job)
{
	return cx_now_ms() - job->created_ms > MAIL_GIVE_UP_MS;
}

enum status mail_run(struct cx *cx, struct store *st, const struct http_limits *limits,
		     struct mail_silence *silence, const char *url, const struct job *job,
		     struct json_object *payload)
{
	struct letter letter;
	struct setting v;
	enum status s = setting_find(cx, st, job->tenant_id, &v);

	if (!s && v.smtp_host)
		s = mail_letter(cx, st, job->tenant_id, payload, url, &letter);
	if (s || !v.smtp_host || !letter.n_to)
		return s;
	if (is_silent(silence, job->tenant_id))
		return fail(cx, UNAVAILABLE, "the tenant's mail server took no letter just now");
	s = send(cx, limits, &v, &letter, job->job_id);
	if (s)
		note_silence(silence, job->tenant_id);
	if (!s || !is_too_old(job))
		return s;
	log_event(LOG_ERROR_, "mail_given_up", job->job_id, "of tenant %s: %s", job->tenant_id,
		  cx->message);
	return OK;
}
