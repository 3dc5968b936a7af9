/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - `pangolin`: finds the subcommand in one table, reads its flags, runs it. */
#include "cli/cli.h"
#include "common/harden.h"
#include "common/text.h"

#define FLAGS(f) f, ARRAY_SIZE(f)

static const struct flag status_flags[] = {
	{ "json", NULL, "as one JSON object" },
};

static const struct flag work_flags[] = {
	{ "once", NULL, "do what is due, then end (the default: for cron or a timer)" },
	{ "forever", NULL, "go on until SIGTERM: for a supervisor" },
	{ "batch", "N", "rows a list of removals holds (200)" },
};

static const struct flag export_flags[] = {
	{ "tenant", "UUID[,UUID]", "only these tenants (all, and the server's own rows)" },
	{ "key-file", "FILE", "seal secrets with this key ring (as they lie in the store)" },
	{ "no-time", NULL, "leave the time out: the same content is then the same file" },
};

static const struct flag import_flags[] = {
	{ "key-file", "FILE", "the key ring that the file's secrets were sealed with" },
	{ "skip-existing", NULL, "leave tenants as they are that are there already" },
	{ "check", NULL, "check the file and the store, and write nothing" },
};

static const struct flag copy_flags[] = {
	{ "tenant", "UUID[,UUID]", "only these tenants (all, and the server's own rows)" },
	{ "lift", NULL, "let people write to FROM again (it stays read-only)" },
	{ "wait", "SECONDS", "for requests under way (5 s longer than one may take)" },
};

static const struct flag read_only_flags[] = {
	{ "reason", "TEXT", "what those who want to write are told" },
};

static const struct flag adopt_flags[] = {
	{ "from", "URI|FOLDER",
	  "a REST catalog (https://host/path), or a folder of the warehouse" },
	{ "catalog", "NAME", "the catalog that adopts" },
	{ "tenant", "UUID", "its tenant (the default one)" },
	{ "namespace", "A.B", "only this namespace of the source, and what lies in it" },
	{ "into", "A.B", "put this in front of every namespace" },
	{ "dry-run", NULL, "say what would be done" },
	{ "warehouse", "NAME", "which of the REST catalog's warehouses" },
	{ "token-file", "FILE", "a token for it" },
	{ "credential-file", "FILE", "or id:secret, to be exchanged for one" },
	{ "scope", "TEXT", "asked for then (catalog)" },
};

static const struct flag doctor_flags[] = {
	{ "fix", NULL, "put right what can be, asking first" },
	{ "yes", NULL, "with --fix: without asking, for scripts" },
	{ "quick", NULL, "look whether metadata files are there, without reading them" },
	{ "grace", "HOURS", "files that no row has are left alone while they are younger (72)" },
	{ "tenant", "UUID", "only this tenant's catalogs (all, and locations)" },
	{ "warehouse", "NAME", "instead try this warehouse: write, read, vend, and be refused" },
	{ "processes", "N", "processes of each family on a host, for max_connections (8)" },
	{ "hosts", "N", "hosts (1)" },
};

static const struct flag maintain_flags[] = {
	{ "tenant", "UUID", "only this tenant's tables (all)" },
	{ "catalog", "NAME", "only this catalog's" },
	{ "table", "NS.NAME", "only this one's, on every branch" },
	{ "older-than", "DAYS", "expire what is older (history.expire.max-snapshot-age-ms; 5)" },
	{ "keep", "N", "but so many of a branch (history.expire.min-snapshots-to-keep; 1)" },
	{ "orphans", NULL, "instead remove files of the tables' folders that nothing reads" },
	{ "orphan-age", "HOURS", "but none that was written since (72)" },
	{ "force", NULL, "with an --orphan-age under 24: while nobody writes" },
	{ "dry-run", NULL, "only say what would be done" },
	{ "yes", NULL, "without asking, for scripts" },
};

static const struct flag routes_flags[] = {
	{ "list", NULL, "method, pattern and family of every route (the default)" },
	{ "httpd", "SERVER", "the routing of a web server: lighttpd or apache" },
	{ "sockets", "FOLDER", "where the responders' sockets are (lighttpd: var.sockets)" },
};

static const struct flag tenant_create_flags[] = {
	{ "id", "UUID", "its id (a fresh one)" },
};

static const struct flag user_create_flags[] = {
	{ "tenant", "UUID", "the user's tenant (without: a root user)" },
	{ "username", "NAME", "unique within the tenant" },
	{ "email", "ADDRESS", "e-mail address (NAME@localhost)" },
	{ "role", "ROLE", "root, tenant-admin or tenant-user" },
	{ "password-file", "FILE", "the password's file (without: read from stdin)" },
};

static const struct flag token_issue_flags[] = {
	{ "tenant", "UUID", "the token's tenant" },
	{ "root", NULL, "a root token: it belongs to no tenant" },
	{ "user", "NAME", "the name the token is issued to (operator)" },
	{ "role", "ROLE", "tenant-admin or tenant-user (tenant-admin)" },
	{ "ttl", "SECONDS", "how long it is valid (86400; at most a year)" },
};

static const struct flag audit_seal_flags[] = {
	{ "tenant", "UUID", "this tenant alone; \"server\" is what belongs to none" },
};

static const struct flag audit_verify_flags[] = {
	{ "tenant", "UUID", "this tenant alone; \"server\" is what belongs to none" },
	{ "head", "NUMBER:HASH", "a seal that `audit seal` printed once: it has to be there" },
};

static const struct flag help_flags[] = {
	{ "markdown", NULL, "all of it, as docs/pangolin.md" },
};

static enum status run_help(struct cli *c);

const struct command cli_commands[] = {
	{ "migrate", "", "bring the store's schema to this program's version",
	  "Creates the schema or brings it up to date.  Runs as often as you like; programs of\n"
	  "the version before may go on running meanwhile.",
	  NULL, 0, 0, 0, run_migrate },
	{ "status", "", "the store, its schema, what is in it",
	  "Prints the store, its schema, how many rows of each kind it holds, waiting jobs, and\n"
	  "warnings: authentication off, a store that is lost at reboot, missing keys.",
	  FLAGS(status_flags), 0, 0, run_status },
	{ "work", "", "run the background work that is due",
	  "Leases jobs and runs them: removing the files of purged tables, the rows of dropped\n"
	  "catalogs and tenants, expired tokens, Idempotency-Keys and scan plans, old metrics\n"
	  "reports and audit records; seals the audit log; what search finds of catalogs that are "
	  "older\n"
	  "than search, or were changed much at once.  Any number may run at once.",
	  FLAGS(work_flags), 0, 0, run_work },
	{ "export", "[FILE]", "all rows, or some tenants', as one file",
	  "Writes tenants, users, catalogs, tables ... as JSON lines with checksums, as they are "
	  "at\n"
	  "one moment, while the server goes on.  Secrets stay sealed with storage.key: keep that\n"
	  "file too.  Without FILE to stdout.  docs/operator.md describes the format.",
	  FLAGS(export_flags), 0, 1, run_export },
	{ "import", "FILE", "what `export` has written, into this store",
	  "Checks the whole file first: checksums, names, references, secrets, locations.  Then\n"
	  "writes tenant by tenant; a tenant can be reached only once it is whole, and one that "
	  "is\n"
	  "there already is refused.  After an interruption run it again, with --skip-existing.",
	  FLAGS(import_flags), 1, 1, run_import },
	{ "copy", "FROM TO", "move a live catalog to another store",
	  "Copies tenants from one store to another, each given as a URL or as env:NAME of an\n"
	  "environment variable that holds it.  They are read-only meanwhile: reading goes on,\n"
	  "writing answers 503.  Prints rows and checksum of every kind on both sides.  FROM "
	  "stays\n"
	  "read-only afterwards, until `tenant writable`.  TO has a schema: `pangolin migrate`.",
	  FLAGS(copy_flags), 2, 2, run_copy },
	{ "backup", "FILE", "copy SQLite's database while the server goes on",
	  "Writes the database, as it is at one moment, to a new FILE that a server can start on.\n"
	  "Writers go on meanwhile.  For PostgreSQL use pg_dump, for the others `export`:\n"
	  "docs/backup.md.",
	  NULL, 0, 1, 1, run_backup },
	{ "adopt", "", "register another catalog's tables and views",
	  "Registers what another REST catalog has, or what lies in a folder (its newest metadata\n"
	  "files), in a catalog here; no file is copied or changed.  The files must lie in the\n"
	  "catalog's warehouse, or in one of its allowed-locations.  What is in the way is said\n"
	  "and skipped, so it can be run again.",
	  FLAGS(adopt_flags), 0, 0, run_adopt },
	{ "doctor", "", "find, and put right, what does not fit together",
	  "Looks for tables whose metadata file is missing or is not what was committed, metadata\n"
	  "files that no row has, locations that overlap or belong to nothing, catalogs without a\n"
	  "warehouse, jobs that are stuck, too few database connections.  --fix goes back to a\n"
	  "table's metadata before, and removes what belongs to nothing.  Exit status 1 where\n"
	  "something is left.",
	  FLAGS(doctor_flags), 0, 0, run_doctor },
	{ "maintain", "", "expire tables' old snapshots, or remove files that nothing reads",
	  "Takes snapshots out of each table on each branch that are old, that no ref of the\n"
	  "table keeps, and that no other branch or tag has, by commits like clients'.  Then\n"
	  "removes the files that only those reached.  What was cut short is ended by the next\n"
	  "run, or by `pangolin work`.  Tables with gc.enabled=false are left alone.\n"
	  "\n"
	  "With --orphans: looks through the tables' folders instead, and removes what no\n"
	  "branch, tag, commit, merge or job reads, nor another table of the same storage.",
	  FLAGS(maintain_flags), 0, 0, run_maintain },
	{ "keys init", "", "make the keys that are missing",
	  "Makes identity.pem (signs tokens), identity.pub.json (checks them) and storage.key\n"
	  "(seals credentials in the store) in PANGOLIN_KEYS_DIR.  Keys that exist stay.",
	  NULL, 0, 0, 0, run_keys_init },
	{ "keys rotate", "[identity|storage]", "sign and seal with new keys from now on",
	  "Adds a new signing key (identity), a new storage key (storage), or both.  The old\n"
	  "ones stay for what they have signed and sealed.  Responders notice by themselves.",
	  NULL, 0, 0, 1, run_keys_rotate },
	{ "keys reseal", "", "seal all secrets with the newest storage key",
	  "Writes every row of the store that holds secrets as it is, so that the newest key\n"
	  "seals it.  Lines of older keys in storage.key can be removed afterwards.",
	  NULL, 0, 0, 0, run_keys_reseal },
	{ "keys list", "", "which keys there are",
	  "Prints use and id of every key; never a key itself.", NULL, 0, 0, 0, run_keys_list },
	{ "audit seal", "", "seal the audit log up to what is old enough",
	  "Adds signed seals over the audit records of every tenant that are older than\n"
	  "PANGOLIN_AUDIT_SEAL_AGE_S, and prints the newest of each: TENANT NUMBER:HASH, to be\n"
	  "kept where who can write the store can't.  Reads identity.pem.  `pangolin work` does\n"
	  "the same where it may read that key.",
	  FLAGS(audit_seal_flags), 0, 0, run_audit_seal },
	{ "audit verify", "", "find what was changed in the audit log",
	  "Compares every sealed audit record with its seal and prints what was changed, removed\n"
	  "or inserted since, one a line; fails where there is any.  Needs only\n"
	  "identity.pub.json.",
	  FLAGS(audit_verify_flags), 0, 0, run_audit_verify },
	{ "routes", "", "every route, or a web server's routing",
	  "Prints every route of the four responders, or the part of lighttpd's or Apache's\n"
	  "configuration that sends each path to its responder.",
	  FLAGS(routes_flags), 0, 0, run_routes },
	{ "config", "", "every setting, its unit and its default",
	  "Prints the environment variables that all programs read.", NULL, 0, 0, 0, run_config },
	{ "tenant create", "NAME", "make a tenant; prints its id",
	  "Makes a tenant directly in the store and prints its id.", FLAGS(tenant_create_flags), 1,
	  1, run_tenant_create },
	{ "tenant list", "", "all tenants", "Prints id and name of every tenant.", NULL, 0, 0, 0,
	  run_tenant_list },
	{ "tenant read-only", "UUID", "let nobody write to a tenant",
	  "From here on whoever wants to change something in the tenant is answered 503 with the\n"
	  "reason; reading goes on.  For backups and moves.",
	  FLAGS(read_only_flags), 1, 1, run_tenant_read_only },
	{ "tenant writable", "UUID", "let people write to a tenant again",
	  "Ends what `tenant read-only` or an interrupted `copy` began.", NULL, 0, 1, 1,
	  run_tenant_writable },
	{ "user create", "", "make a user; prints its id",
	  "Makes a user directly in the store and prints its id.  The password is the first\n"
	  "line of stdin or of a file, so that it stands in no process list.",
	  FLAGS(user_create_flags), 0, 0, run_user_create },
	{ "token issue", "", "issue a token; prints it",
	  "Signs a token and prints it.  Who can read identity.pem can do this: keep the key\n"
	  "to pangolin-credentials and the operator.",
	  FLAGS(token_issue_flags), 0, 0, run_token_issue },
	{ "help", "[COMMAND]", "this, or a command's help",
	  "Prints what a command does and its options.", FLAGS(help_flags), 0, 2, run_help },
	{ 0 },
};

static const struct command *find_command(const char *one, const char *two, size_t *words)
{
	char both[64];

	snprintf(both, sizeof(both), "%s %s", one, two ? two : "");
	for (const struct command *k = cli_commands; k->name; k++) {
		*words = strchr(k->name, ' ') ? 2 : 1;
		if (strcmp(k->name, *words == 2 ? both : one) == 0)
			return k;
	}
	return NULL;
}

static enum status run_help(struct cli *c)
{
	const struct command *k;
	size_t words;

	if (cli_flag(c, "markdown")) {
		help_markdown();
		return OK;
	}
	if (c->n_args == 0) {
		help_list();
		return OK;
	}
	k = find_command(c->args[0], c->n_args > 1 ? c->args[1] : NULL, &words);
	if (!k)
		return fail(c->cx, INVALID, "no command \"%s\"", c->args[0]);
	help_command(k);
	return OK;
}

static int usage(const char *why, const char *what)
{
	fprintf(stderr, "pangolin: %s \"%s\"; see `pangolin help`\n", why, what);
	return 2;
}

/* Reads "--name", "--name value" or "--name=value" at argv[*i]; false: no such flag. */
static bool read_flag(struct cli *c, int argc, char **argv, int *i)
{
	const char *text = argv[*i] + 2, *equals = strchr(text, '=');
	size_t n = equals ? (size_t)(equals - text) : strlen(text);

	for (size_t k = 0; k < c->command->n_flags; k++) {
		const struct flag *f = &c->command->flags[k];

		if (strlen(f->name) != n || strncmp(f->name, text, n) != 0)
			continue;
		if (!f->argument) {
			c->values[k] = "";
			return !equals;
		}
		if (!equals && *i + 1 >= argc)
			return false;
		c->values[k] = equals ? equals + 1 : argv[++*i];
		return true;
	}
	return false;
}

enum reading { READ_ON, READ_HELP, READ_WRONG };

static enum reading read_arguments(struct cli *c, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *a = argv[i];

		if (strcmp(a, "-h") == 0 || strcmp(a, "--help") == 0)
			return READ_HELP;
		if (strcmp(a, "-q") == 0 || strcmp(a, "--quiet") == 0) {
			c->quiet = true;
		} else if (text_starts(a, "--")) {
			if (!read_flag(c, argc, argv, &i)) {
				usage("no such option, or its value is missing:", a);
				return READ_WRONG;
			}
		} else if (*a == '-' || c->n_args == c->command->most) {
			usage("not understood:", a);
			return READ_WRONG;
		} else {
			c->args[c->n_args++] = a;
		}
	}
	if (c->n_args >= c->command->least)
		return READ_ON;
	usage("missing:", c->command->arguments);
	return READ_WRONG;
}

static int run(struct cli *c)
{
	struct config *config = CX_NEW(c->cx, struct config);
	enum status s = config_read(c->cx, config);

	c->config = config;
	if (!s)
		s = c->command->run(c);
	if (c->store)
		store_close(c->store);
	if (fflush(stdout) && !s)
		s = fail(c->cx, INTERNAL, "stdout can't be written");
	if (!s)
		return 0;
	fprintf(stderr, "pangolin %s: %s\n", c->command->name, c->cx->message);
	return 1;
}

int main(int argc, char **argv)
{
	struct cx cx = { 0 };
	struct cli c = { .cx = &cx };
	size_t words = 1;
	int exit_status;

	harden_process();
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help_list();
		return argc < 2 ? 2 : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		cli_say("pangolin %s", VERSION);
		return 0;
	}
	c.command = find_command(argv[1], argc > 2 ? argv[2] : NULL, &words);
	if (!c.command)
		return usage("no command", argv[1]);
	switch (read_arguments(&c, argc - 1 - (int)words, argv + 1 + words)) {
	case READ_HELP:
		help_command(c.command);
		return 0;
	case READ_WRONG:
		return 2;
	case READ_ON:
		break;
	}
	exit_status = run(&c);
	cx_free(&cx);
	return exit_status;
}
