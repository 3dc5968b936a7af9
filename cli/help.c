/* SPDX-License-Identifier: Apache-2.0 */
/* help.c - the commands' own words, as help on a terminal and as docs/pangolin.md. */
#include "cli/cli.h"

static const char intro[] =
	"pangolin is what an operator runs on the machine: it sets up the store and the keys,\n"
	"runs background work, and makes the first tenant, user and token.  Everything else is\n"
	"done over HTTP.  Settings come from the environment: see `pangolin config`.";

static const char ending[] =
	"Exit status: 0 done, 1 failed (one line on stderr says why), 2 wrong usage.";

static const struct flag common_flags[] = {
	{ "quiet", NULL, "-q: print only the value itself" },
	{ "help", NULL, "-h: print this" },
};

static const char *left_side(char *buffer, size_t size, const struct flag *f)
{
	snprintf(buffer, size, "--%s%s%s", f->name, f->argument ? " " : "",
		 f->argument ? f->argument : "");
	return buffer;
}

void help_list(void)
{
	printf("usage: pangolin COMMAND [OPTIONS]\n\n%s\n\n", intro);
	for (const struct command *k = cli_commands; k->name; k++)
		printf("  %-14s %s\n", k->name, k->summary);
	printf("\n`pangolin COMMAND --help` says more; `pangolin --version` names the "
	       "version.\n%s\n",
	       ending);
}

static void print_flags(const struct flag *flags, size_t n)
{
	char left[64];

	for (size_t i = 0; i < n; i++)
		printf("  %-22s %s\n", left_side(left, sizeof(left), &flags[i]), flags[i].help);
}

void help_command(const struct command *k)
{
	printf("usage: pangolin %s%s%s%s\n\n%s\n\n", k->name, *k->arguments ? " " : "",
	       k->arguments, k->n_flags ? " [OPTIONS]" : "", k->help);
	print_flags(k->flags, k->n_flags);
	print_flags(common_flags, ARRAY_SIZE(common_flags));
}

static void markdown_setting(const char *name, const char *unit, const char *fallback,
			     const char *help)
{
	printf("| `%s` | %s | %s | %s |\n", name, unit, fallback ? fallback : "", help);
}

static void markdown_command(const struct command *k)
{
	char left[64];

	printf("\n### pangolin %s%s%s\n\n%s\n", k->name, *k->arguments ? " " : "", k->arguments,
	       k->help);
	if (k->n_flags)
		printf("\n");
	for (size_t i = 0; i < k->n_flags; i++)
		printf("- `%s`: %s\n", left_side(left, sizeof(left), &k->flags[i]),
		       k->flags[i].help);
}

void help_markdown(void)
{
	printf("# pangolin\n\n<!-- Printed by `pangolin help --markdown`. -->\n\n%s\n\n", intro);
	printf("Every command knows `--help` (`-h`) and `--quiet` (`-q`).\n%s\n\n## Commands\n",
	       ending);
	for (const struct command *k = cli_commands; k->name; k++)
		markdown_command(k);
	printf("\n## Settings\n\n| Variable | Unit | Default | |\n|---|---|---|---|\n");
	config_help(markdown_setting);
}
