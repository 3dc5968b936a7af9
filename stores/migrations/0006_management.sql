-- min_program: 1
-- What people say of assets, who asks for access, what search finds, what a tenant sets.

CREATE TABLE "business_metadata" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"asset_id" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY",
	"description" TEXT COLLATE "BINARY",
	"tags" TEXT COLLATE "BINARY",
	"properties" TEXT COLLATE "BINARY",
	"discoverable" BIGINT NOT NULL,
	"created_by" TEXT COLLATE "BINARY",
	"created_at" BIGINT NOT NULL,
	"updated_by" TEXT COLLATE "BINARY",
	"updated_at" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "asset_id")
);

CREATE TABLE "access_requests" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY" NOT NULL,
	"user_id" TEXT COLLATE "BINARY",
	"username" TEXT COLLATE "BINARY",
	"asset_id" TEXT COLLATE "BINARY",
	"resource" TEXT COLLATE "BINARY",
	"reason" TEXT COLLATE "BINARY",
	"requested_at" BIGINT NOT NULL,
	"status" TEXT COLLATE "BINARY",
	"reviewed_by" TEXT COLLATE "BINARY",
	"reviewed_at" BIGINT NOT NULL,
	"review_comment" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "access_requests_user_id" ON "access_requests" ("user_id", "tenant_id", "id");
CREATE INDEX "access_requests_asset_id" ON "access_requests" ("asset_id", "tenant_id", "id");

CREATE TABLE "search" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"term" TEXT COLLATE "BINARY" NOT NULL,
	"asset_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY",
	"namespace" TEXT COLLATE "BINARY",
	"name" TEXT COLLATE "BINARY",
	"type" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "term", "asset_id")
);
CREATE INDEX "search_asset_id" ON "search" ("asset_id", "tenant_id", "term");

CREATE TABLE "settings" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"allow_public_signup" BIGINT NOT NULL,
	"default_warehouse_bucket" TEXT COLLATE "BINARY",
	"default_retention_days" BIGINT NOT NULL,
	"smtp_host" TEXT COLLATE "BINARY",
	"smtp_port" BIGINT NOT NULL,
	"smtp_user" TEXT COLLATE "BINARY",
	"smtp_password" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id")
);

CREATE INDEX "catalogs_id" ON "catalogs" ("id", "tenant_id", "name");

-- What is there already is found once `pangolin work` has indexed it.
INSERT INTO "jobs" ("job_id", "tenant_id", "type", "payload", "due_ms", "lease_ms", "attempts",
	"error", "created_ms", "version")
	SELECT "id", "tenant_id", 'index', '{"catalog_id":"' || "id" || '"}', 0, 0, 0, NULL, 0, 1
	FROM "catalogs";
