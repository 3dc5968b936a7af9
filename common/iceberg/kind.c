/* SPDX-License-Identifier: Apache-2.0 */
/* kind.c - what the metadata of tables, views and functions differ in. */
#include "common/iceberg/kind.h"

#include "common/iceberg/function.h"
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

const struct metadata_kind function_metadata = {
	.type = "FUNCTION",
	.noun = "Function",
	.check = function_check,
	.facts = function_facts,
	.paths = function_paths,
	.require = function_requirements_check,
	.apply = function_apply,
};
