-- min_program: 1
-- Every row of common/model.h.  One text for every SQL database: BIGINT for
-- INT, BOOL (0, 1) and TIME (ms since 1970), TEXT compared as bytes.  An index
-- is named TABLE_COLUMN, and ends with the key's last column where lists by it
-- can be long.

CREATE TABLE "schema_version" (
	"version" BIGINT NOT NULL,
	"min_program" BIGINT NOT NULL
);
INSERT INTO "schema_version" ("version", "min_program") VALUES (0, 0);

CREATE TABLE "epochs" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"min_program" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id")
);

CREATE TABLE "jobs" (
	"job_id" TEXT COLLATE "BINARY" NOT NULL,
	"tenant_id" TEXT COLLATE "BINARY",
	"type" TEXT COLLATE "BINARY",
	"payload" TEXT COLLATE "BINARY",
	"due_ms" BIGINT NOT NULL,
	"lease_ms" BIGINT NOT NULL,
	"attempts" BIGINT NOT NULL,
	"error" TEXT COLLATE "BINARY",
	"created_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("job_id")
);

CREATE TABLE "api_keys" (
	"key_hash" TEXT COLLATE "BINARY" NOT NULL,
	"tenant_id" TEXT COLLATE "BINARY",
	"service_user_id" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("key_hash")
);

CREATE TABLE "locations" (
	"storage" TEXT COLLATE "BINARY" NOT NULL,
	"path" TEXT COLLATE "BINARY" NOT NULL,
	"type" TEXT COLLATE "BINARY",
	"tenant_id" TEXT COLLATE "BINARY",
	"asset_id" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("storage", "path")
);
CREATE INDEX "locations_asset_id" ON "locations" ("asset_id");

CREATE TABLE "tenants" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"name" TEXT COLLATE "BINARY",
	"properties" TEXT COLLATE "BINARY",
	"created_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id")
);

CREATE TABLE "users" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"username" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY",
	"email" TEXT COLLATE "BINARY",
	"password_hash" TEXT COLLATE "BINARY",
	"role" TEXT COLLATE "BINARY",
	"active" BIGINT NOT NULL,
	"oauth_provider" TEXT COLLATE "BINARY",
	"oauth_subject" TEXT COLLATE "BINARY",
	"created_at" BIGINT NOT NULL,
	"updated_at" BIGINT NOT NULL,
	"last_login" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "username")
);
CREATE INDEX "users_id" ON "users" ("tenant_id", "id", "username");

CREATE TABLE "service_users" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY" NOT NULL,
	"name" TEXT COLLATE "BINARY",
	"description" TEXT COLLATE "BINARY",
	"api_key_hash" TEXT COLLATE "BINARY",
	"role" TEXT COLLATE "BINARY",
	"active" BIGINT NOT NULL,
	"created_by" TEXT COLLATE "BINARY",
	"created_at" BIGINT NOT NULL,
	"last_used" BIGINT NOT NULL,
	"expires_at" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "tokens" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"token_id" TEXT COLLATE "BINARY" NOT NULL,
	"user_id" TEXT COLLATE "BINARY",
	"username" TEXT COLLATE "BINARY",
	"created_at" BIGINT NOT NULL,
	"expires_at" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "token_id")
);
CREATE INDEX "tokens_user_id" ON "tokens" ("tenant_id", "user_id", "token_id");

CREATE TABLE "warehouses" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"name" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY",
	"use_sts" BIGINT NOT NULL,
	"storage_config" TEXT COLLATE "BINARY",
	"vending_strategy" TEXT COLLATE "BINARY",
	"created_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "name")
);

CREATE TABLE "catalogs" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"name" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY",
	"catalog_type" TEXT COLLATE "BINARY",
	"warehouse_name" TEXT COLLATE "BINARY",
	"storage_location" TEXT COLLATE "BINARY",
	"federated_config" TEXT COLLATE "BINARY",
	"properties" TEXT COLLATE "BINARY",
	"created_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "name")
);

CREATE TABLE "branches" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"name" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY",
	"parent_id" TEXT COLLATE "BINARY",
	"parent_cut" BIGINT NOT NULL,
	"chain" TEXT COLLATE "BINARY",
	"cut" BIGINT NOT NULL,
	"branch_type" TEXT COLLATE "BINARY",
	"created_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id", "name")
);
CREATE INDEX "branches_parent_id" ON "branches" ("tenant_id", "catalog_id", "parent_id", "name");

CREATE TABLE "tags" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"name" TEXT COLLATE "BINARY" NOT NULL,
	"branch_id" TEXT COLLATE "BINARY",
	"cut" BIGINT NOT NULL,
	"commit_id" TEXT COLLATE "BINARY",
	"created_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id", "name")
);
CREATE INDEX "tags_branch_id" ON "tags" ("tenant_id", "catalog_id", "branch_id", "name");

CREATE TABLE "assets" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"branch_id" TEXT COLLATE "BINARY" NOT NULL,
	"namespace" TEXT COLLATE "BINARY" NOT NULL,
	"name" TEXT COLLATE "BINARY" NOT NULL,
	"until" BIGINT NOT NULL,
	"asset_id" TEXT COLLATE "BINARY",
	"type" TEXT COLLATE "BINARY",
	"table_uuid" TEXT COLLATE "BINARY",
	"metadata_location" TEXT COLLATE "BINARY",
	"metadata_sha256" TEXT COLLATE "BINARY",
	"metadata_size" BIGINT NOT NULL,
	"location" TEXT COLLATE "BINARY",
	"data_path" TEXT COLLATE "BINARY",
	"metadata_path" TEXT COLLATE "BINARY",
	"format_version" BIGINT NOT NULL,
	"current_snapshot_id" BIGINT NOT NULL,
	"born" BIGINT NOT NULL,
	"properties" TEXT COLLATE "BINARY",
	"created_ms" BIGINT NOT NULL,
	"updated_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id", "branch_id", "namespace", "name", "until")
);
CREATE INDEX "assets_asset_id" ON "assets" ("tenant_id", "asset_id");
CREATE INDEX "assets_metadata_location" ON "assets" ("tenant_id", "metadata_location");
CREATE INDEX "assets_born" ON "assets" ("tenant_id", "branch_id", "born");
CREATE INDEX "assets_until" ON "assets" ("tenant_id", "branch_id", "until");

CREATE TABLE "commits" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"branch_id" TEXT COLLATE "BINARY" NOT NULL,
	"commit_id" TEXT COLLATE "BINARY" NOT NULL,
	"cut" BIGINT NOT NULL,
	"made_ms" BIGINT NOT NULL,
	"author" TEXT COLLATE "BINARY",
	"message" TEXT COLLATE "BINARY",
	"operations" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id", "branch_id", "commit_id")
);

CREATE TABLE "audit" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY" NOT NULL,
	"user_id" TEXT COLLATE "BINARY",
	"username" TEXT COLLATE "BINARY",
	"action" TEXT COLLATE "BINARY",
	"resource_type" TEXT COLLATE "BINARY",
	"resource_id" TEXT COLLATE "BINARY",
	"resource_name" TEXT COLLATE "BINARY",
	"timestamp" BIGINT NOT NULL,
	"ip_address" TEXT COLLATE "BINARY",
	"user_agent" TEXT COLLATE "BINARY",
	"result" TEXT COLLATE "BINARY",
	"error_message" TEXT COLLATE "BINARY",
	"metadata" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "audit_user_id" ON "audit" ("tenant_id", "user_id", "id");
CREATE INDEX "audit_resource_id" ON "audit" ("tenant_id", "resource_id", "id");

-- The server's epoch, and the tenant everyone is of where authentication is off.
INSERT INTO "epochs" ("tenant_id", "min_program", "version") VALUES ('', 0, 1);
INSERT INTO "epochs" ("tenant_id", "min_program", "version")
	VALUES ('00000000-0000-0000-0000-000000000000', 0, 1);
INSERT INTO "tenants" ("tenant_id", "name", "properties", "created_ms", "version")
	VALUES ('00000000-0000-0000-0000-000000000000', 'default', NULL, 0, 1);
