/* SPDX-License-Identifier: Apache-2.0 */
/* xml.c - the flat XML that clouds answer with, by expat. */
#include "vending/xml.h"

#include <expat.h>
#include <limits.h>

struct reader {
	XML_Parser parser;
	xml_end *end;
	void *arg;
	size_t n;
	char text[XML_TEXT_MAX + 1];
};

static void on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = arg;

	(void)name;
	(void)attributes;
	r->n = 0;
}

static void on_text(void *arg, const XML_Char *s, int len)
{
	struct reader *r = arg;
	size_t n = (size_t)len;

	if (n > XML_TEXT_MAX - r->n)
		n = XML_TEXT_MAX - r->n;
	memcpy(r->text + r->n, s, n);
	r->n += n;
}

static void on_end(void *arg, const XML_Char *name)
{
	struct reader *r = arg;

	r->text[r->n] = '\0';
	r->end(r->arg, name, r->text);
	r->n = 0;
}

/* No entities of its own making: nothing a cloud says needs any. */
static void on_doctype(void *arg, const XML_Char *name, const XML_Char *system,
		       const XML_Char *public, int internal)
{
	struct reader *r = arg;

	(void)name;
	(void)system;
	(void)public;
	(void)internal;
	XML_StopParser(r->parser, XML_FALSE);
}

enum status xml_read(struct cx *cx, const char *bytes, size_t n, xml_end *end, void *arg)
{
	struct reader r = { .parser = XML_ParserCreate("UTF-8"), .end = end, .arg = arg };
	bool good;

	if (!r.parser)
		abort();
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, on_start, on_end);
	XML_SetCharacterDataHandler(r.parser, on_text);
	XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
	good = n <= INT_MAX && XML_Parse(r.parser, bytes, (int)n, 1) == XML_STATUS_OK;
	XML_ParserFree(r.parser);
	return good ? OK : fail(cx, INVALID, "an answer that is not XML");
}
