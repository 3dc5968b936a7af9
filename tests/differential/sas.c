/* SPDX-License-Identifier: Apache-2.0 */
/* sas.c - signs what sas.py asks for, one JSON object a line: for comparison with Microsoft's own library. */
#include <stdio.h>

#include "common/json.h"
#include "common/text.h"
#include "vending/azure_sign.h"

static const char *sign(struct cx *cx, struct json_object *o)
{
	struct json_object *key = json_member(o, "delegation");
	struct azure_delegation d = { json_text(key, "oid"),	 json_text(key, "tid"),
				      json_text(key, "start"),	 json_text(key, "expiry"),
				      json_text(key, "service"), json_text(key, "version"),
				      json_text(key, "value") };
	struct azure_sas s = { .account = json_text(o, "account"),
			       .container = json_text(o, "container"),
			       .path = json_text(o, "path"),
			       .is_blob = json_int(o, "blob", 0) != 0,
			       .verbs = (unsigned)json_int(o, "verbs", 0),
			       .expires_ms = json_int(o, "expires", 0) * 1000,
			       .http = json_int(o, "http", 0) != 0,
			       .account_key = json_text(o, "key"),
			       .delegation = key ? &d : NULL };
	const char *token;

	return azure_sas_token(cx, &s, &token) ? cx->message : token;
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, stdin)) > 0) {
		struct cx cx = { 0 };
		struct json_object *o;

		if (json_parse(&cx, line, (size_t)n, 8, &o))
			return 1;
		puts(sign(&cx, o));
		cx_free(&cx);
	}
	free(line);
	return 0;
}
