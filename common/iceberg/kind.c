/* SPDX-License-Identifier: Apache-2.0 */
/* kind.c - what tables' and views' metadata differ in. */
#include "common/iceberg/kind.h"

#include "common/iceberg/view.h"

const struct metadata_kind table_metadata = {
	.type = "ICEBERG_TABLE",
	.noun = "Table",
	.check = metadata_check,
	.facts = metadata_facts,
	.paths = metadata_paths,
	.require = requirements_check,
	.apply = metadata_apply,
};

const struct metadata_kind view_metadata = {
	.type = "VIEW",
	.noun = "View",
	.check = view_check,
	.facts = view_facts,
	.paths = view_paths,
	.require = view_requirements_check,
	.apply = view_apply,
};
