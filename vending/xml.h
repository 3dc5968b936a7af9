/* SPDX-License-Identifier: Apache-2.0 */
/* xml.h - the flat XML that clouds answer with, element by element. */
#ifndef VENDING_XML_H
#define VENDING_XML_H

#include "common/cx.h"

#define XML_TEXT_MAX 8192 /* bytes of one element's text; more is cut */

/* Called at the end of each element, in the order of the document, with the
 * text right before its end tag ("" after a child's end). */
typedef void xml_end(void *arg, const char *name, const char *text);

/* INVALID where it is not well-formed, or has a DOCTYPE. */
MUST_USE enum status xml_read(struct cx *cx, const char *bytes, size_t n, xml_end *end, void *arg);

#endif
