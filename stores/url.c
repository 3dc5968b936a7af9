/* SPDX-License-Identifier: Apache-2.0 */
/* url.c - refuses URLs that would be misread, and then quoted, with their password in it. */
#include "stores/url.h"

#include <ctype.h>

#include "common/text.h"

enum status url_check(struct cx *cx, const char *url, const char *like)
{
	const char *authority = strchr(url, ':') + 1;
	size_t n;
	const char *at, *again;
	bool broken;

	if (!text_starts(authority, "//"))
		return fail(cx, INVALID, "DATABASE_URL is not %s", like);
	authority += 2;
	n = strcspn(authority, "/?#");
	at = memchr(authority, '@', n);
	again = strchr(at ? at + 1 : authority, '@');
	broken = again != NULL;
	for (size_t i = 0; at && authority + i < at; i++)
		broken |= authority[i] == '%' && (!isxdigit((unsigned char)authority[i + 1]) ||
						  !isxdigit((unsigned char)authority[i + 2]));
	if (broken)
		return fail(cx, INVALID,
			    "DATABASE_URL: in a user's name or password write @ : / ? # %% as %%40 "
			    "%%3A %%2F %%3F %%23 %%25");
	return OK;
}

const char *url_shown(struct cx *cx, const char *url)
{
	const char *shown = url && *url ? url : "memory:", *host, *at;

	shown = cx_strndup(cx, shown, strcspn(shown, "?#"));
	host = strstr(shown, "://");
	at = strrchr(shown, '@');
	if (!host || !at)
		return shown;
	return cx_printf(cx, "%.*s***%s", (int)(host + 3 - shown), shown, at);
}
