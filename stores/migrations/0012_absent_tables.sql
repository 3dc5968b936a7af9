-- min_program: 1
-- Tables that are not there yet, or any more, whose files somebody may reach for a while.

CREATE TABLE "absent_tables" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"asset_id" TEXT COLLATE "BINARY" NOT NULL,
	"type" TEXT COLLATE "BINARY",
	"owner" TEXT COLLATE "BINARY",
	"namespace" TEXT COLLATE "BINARY",
	"name" TEXT COLLATE "BINARY",
	"location" TEXT COLLATE "BINARY",
	"data_path" TEXT COLLATE "BINARY",
	"metadata_path" TEXT COLLATE "BINARY",
	"until_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id", "asset_id")
);
CREATE INDEX "absent_tables_asset_id" ON "absent_tables" ("asset_id", "tenant_id", "catalog_id");
