/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h - a subcommand of `pangolin`: its table row, its flags, and what main() opens for it. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "common/config.h"
#include "stores/store.h"

struct cli;

#define MAX_FLAGS 12

/* One option: "--tenant T", or a switch where argument is NULL. */
struct flag {
	const char *name;     /* without the dashes */
	const char *argument; /* "T" */
	const char *help;     /* one line */
};

struct command {
	const char *name;      /* "tenant create" */
	const char *arguments; /* "NAME", or "" */
	const char *summary;   /* half a line, for the list of commands */
	const char *help;      /* a paragraph or more, lines of at most 78 */
	const struct flag *flags;
	size_t n_flags;
	size_t least, most; /* positional arguments */
	enum status (*run)(struct cli *c);
};

/* One run of one command; text lives as long as the process. */
struct cli {
	struct cx *cx;
	const struct command *command;
	const struct config *config;
	struct store *store;	       /* NULL before cli_store */
	const char *values[MAX_FLAGS]; /* of command->flags; "" for a switch; NULL = not given */
	const char *args[4];
	size_t n_args;
	bool quiet; /* -q: only the value itself on stdout */
};

/* All commands, in the order of the help; the last one's name is NULL. */
extern const struct command cli_commands[];

/* The value of a flag, NULL where it was not given. */
const char *cli_flag(const struct cli *c, const char *name);

/* INVALID ("--tenant is needed") where it was not given. */
MUST_USE enum status cli_need(struct cli *c, const char *name, const char **out);

/* A number in min .. max; *out stays where the flag was not given. */
MUST_USE enum status cli_number(struct cli *c, const char *name, int64_t min, int64_t max,
				int64_t *out);

/* Opens DATABASE_URL with the storage key of PANGOLIN_KEYS_DIR, where there is one. */
MUST_USE enum status cli_store(struct cli *c, bool migrating);

/* Calls run for "" (the server's own) and every tenant, each with fresh memory; stops at the
 * first failure, whose message is cx's. */
typedef enum status cli_tenant_fn(void *arg, struct cx *cx, const char *tenant_id);
MUST_USE enum status cli_each_tenant(struct cx *cx, struct store *st, cli_tenant_fn *run,
				     void *arg);

/* The storage key's file; NULL: there is none. */
const char *cli_storage_key(const struct cli *c);

/* The path of a key file in PANGOLIN_KEYS_DIR; INVALID where that is not set. */
MUST_USE enum status cli_key_path(struct cli *c, const char *name, const char **out);

/* One line on stdout; note is silent with -q. */
void cli_say(const char *fmt, ...) PRINTF_LIKE(1, 2);
void cli_note(const struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* --- help.c ---------------------------------------------------------------- */

/* The list of commands; one command; all of it as Markdown, for docs/pangolin.md. */
void help_list(void);
void help_command(const struct command *k);
void help_markdown(void);

/* --- the commands ---------------------------------------------------------- */

enum status run_migrate(struct cli *c);
enum status run_status(struct cli *c);
enum status run_work(struct cli *c);
enum status run_export(struct cli *c);
enum status run_import(struct cli *c);
enum status run_copy(struct cli *c);
enum status run_backup(struct cli *c);
enum status run_doctor(struct cli *c);
enum status run_maintain(struct cli *c);
enum status run_adopt(struct cli *c);
enum status run_tenant_read_only(struct cli *c);
enum status run_tenant_writable(struct cli *c);
enum status run_keys_init(struct cli *c);
enum status run_keys_rotate(struct cli *c);
enum status run_keys_reseal(struct cli *c);
enum status run_keys_list(struct cli *c);
enum status run_routes(struct cli *c);
enum status run_config(struct cli *c);
enum status run_audit_seal(struct cli *c);
enum status run_audit_verify(struct cli *c);
enum status run_tenant_create(struct cli *c);
enum status run_tenant_list(struct cli *c);
enum status run_user_create(struct cli *c);
enum status run_token_issue(struct cli *c);

#endif
