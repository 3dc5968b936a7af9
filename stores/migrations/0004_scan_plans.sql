-- min_program: 1
-- Scans that clients had planned: what a plan's tasks are worked out from again.

CREATE TABLE "scan_plans" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"plan_id" TEXT COLLATE "BINARY" NOT NULL,
	"asset_id" TEXT COLLATE "BINARY",
	"user_id" TEXT COLLATE "BINARY",
	"snapshot_id" BIGINT NOT NULL,
	"schema_id" BIGINT NOT NULL,
	"request" TEXT COLLATE "BINARY",
	"expires_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id", "plan_id")
);
