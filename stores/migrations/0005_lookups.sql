-- min_program: 1
-- An index begins with the column that is looked up, never with one that every
-- lookup by key binds too: PostgreSQL's planner, where it knows little of a
-- table, would take it for the primary key's equal and read a branch's every row.

DROP INDEX "users_id";
CREATE INDEX "users_id" ON "users" ("id", "tenant_id", "username");
DROP INDEX "tokens_user_id";
CREATE INDEX "tokens_user_id" ON "tokens" ("user_id", "tenant_id", "token_id");
DROP INDEX "branches_parent_id";
CREATE INDEX "branches_parent_id" ON "branches" ("parent_id", "tenant_id", "catalog_id", "name");
DROP INDEX "tags_branch_id";
CREATE INDEX "tags_branch_id" ON "tags" ("branch_id", "tenant_id", "catalog_id", "name");
DROP INDEX "assets_asset_id";
CREATE INDEX "assets_asset_id" ON "assets" ("asset_id", "tenant_id");
DROP INDEX "assets_metadata_location";
CREATE INDEX "assets_metadata_location" ON "assets" ("metadata_location", "tenant_id");
DROP INDEX "audit_user_id";
CREATE INDEX "audit_user_id" ON "audit" ("user_id", "tenant_id", "id");
DROP INDEX "audit_resource_id";
CREATE INDEX "audit_resource_id" ON "audit" ("resource_id", "tenant_id", "id");
DROP INDEX "metrics_reports_week";
CREATE INDEX "metrics_reports_week" ON "metrics_reports" ("week", "tenant_id");

-- Nothing is looked up by these yet, and every commit paid for them.
DROP INDEX "assets_born";
DROP INDEX "assets_until";
