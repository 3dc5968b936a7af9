/* SPDX-License-Identifier: Apache-2.0 */
/* pair.h - a name and its value: a header, a query parameter. */
#ifndef VENDING_PAIR_H
#define VENDING_PAIR_H

struct pair {
	const char *name, *value; /* never NULL */
};

#endif
