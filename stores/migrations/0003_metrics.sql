-- min_program: 1
-- Clients' reports on scans and commits; by table, newest first.

CREATE TABLE "metrics_reports" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"asset_id" TEXT COLLATE "BINARY" NOT NULL,
	"place" BIGINT NOT NULL,
	"id" TEXT COLLATE "BINARY",
	"week" TEXT COLLATE "BINARY",
	"report_type" TEXT COLLATE "BINARY",
	"snapshot_id" BIGINT NOT NULL,
	"received_at" BIGINT NOT NULL,
	"user_id" TEXT COLLATE "BINARY",
	"username" TEXT COLLATE "BINARY",
	"user_agent" TEXT COLLATE "BINARY",
	"report" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id", "asset_id", "place")
);
CREATE INDEX "metrics_reports_week" ON "metrics_reports" ("tenant_id", "week");
