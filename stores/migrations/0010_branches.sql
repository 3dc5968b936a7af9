-- min_program: 1
-- Tags are branches that are never written to: rows of "branches".  Nothing ever
-- wrote to the table "tags".
DROP TABLE "tags";
ALTER TABLE "branches" ADD COLUMN "commit_id" TEXT COLLATE "BINARY";
ALTER TABLE "branches" ADD COLUMN "as_of" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "branches" ADD COLUMN "assets" TEXT COLLATE "BINARY";
ALTER TABLE "branches" ADD COLUMN "protection" TEXT COLLATE "BINARY";

-- What changed on a branch since a cut.  Living or kept, a row is born once.
CREATE INDEX "assets_born" ON "assets" ("born", "branch_id", "tenant_id", "catalog_id");

CREATE TABLE "merge_operations" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY" NOT NULL,
	"source_branch" TEXT COLLATE "BINARY",
	"target_branch" TEXT COLLATE "BINARY",
	"source_id" TEXT COLLATE "BINARY",
	"target_id" TEXT COLLATE "BINARY",
	"source_cut" BIGINT NOT NULL,
	"base_id" TEXT COLLATE "BINARY",
	"base_cut" BIGINT NOT NULL,
	"base_version" BIGINT NOT NULL,
	"base_commit_id" TEXT COLLATE "BINARY",
	"status" TEXT COLLATE "BINARY",
	"conflicts_count" BIGINT NOT NULL,
	"initiated_by" TEXT COLLATE "BINARY",
	"initiated_at" BIGINT NOT NULL,
	"completed_at" BIGINT NOT NULL,
	"result_commit_id" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id", "id")
);
CREATE INDEX "merge_operations_id" ON "merge_operations" ("id", "tenant_id");

CREATE TABLE "merge_conflicts" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"operation_id" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY" NOT NULL,
	"namespace" TEXT COLLATE "BINARY",
	"name" TEXT COLLATE "BINARY",
	"asset_id" TEXT COLLATE "BINARY",
	"conflict_type" TEXT COLLATE "BINARY",
	"description" TEXT COLLATE "BINARY",
	"details" TEXT COLLATE "BINARY",
	"base_state" TEXT COLLATE "BINARY",
	"source_state" TEXT COLLATE "BINARY",
	"target_state" TEXT COLLATE "BINARY",
	"strategy" TEXT COLLATE "BINARY",
	"resolved_state" TEXT COLLATE "BINARY",
	"resolved_value" TEXT COLLATE "BINARY",
	"resolved_by" TEXT COLLATE "BINARY",
	"resolved_at" BIGINT NOT NULL,
	"created_at" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id", "operation_id", "id")
);
CREATE INDEX "merge_conflicts_id" ON "merge_conflicts" ("id", "tenant_id");

CREATE TABLE "merge_bases" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"low_id" TEXT COLLATE "BINARY" NOT NULL,
	"high_id" TEXT COLLATE "BINARY" NOT NULL,
	"branch_id" TEXT COLLATE "BINARY",
	"cut" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id", "low_id", "high_id")
);
