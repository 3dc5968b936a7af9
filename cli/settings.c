/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c - pangolin config. */
#include "cli/cli.h"

static void print_setting(const char *name, const char *unit, const char *fallback,
			  const char *help)
{
	printf("%s (%s%s%s)\n        %s\n", name, unit, fallback ? ", default " : "",
	       fallback ? fallback : "", help);
}

enum status run_config(struct cli *c)
{
	(void)c;
	config_help(print_setting);
	return OK;
}
