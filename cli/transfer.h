/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.h - what export, import and copy share. */
#ifndef CLI_TRANSFER_H
#define CLI_TRANSFER_H

#include "cli/cli.h"
#include "stores/dump.h"

/* --tenant ID[,ID ...], sorted; NULL where it was not given: all. */
MUST_USE enum status read_tenants(struct cli *c, const char ***out, size_t *n);

/* The key ring of --key-file, for seal_close; NULL where it was not given. */
MUST_USE enum status read_key_file(struct cli *c, struct seal **out);

/* Rows and checksum of each kind; nothing with -q. */
void show_totals(const struct cli *c, const struct dump_totals *t);

#endif
