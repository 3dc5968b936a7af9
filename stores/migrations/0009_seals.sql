-- min_program: 1
-- Seals over audit records, what tenants with quotas have, and what was counted in
-- federated catalogs.

CREATE TABLE "audit_seals" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"place" BIGINT NOT NULL,
	"after_id" TEXT COLLATE "BINARY",
	"last_id" TEXT COLLATE "BINARY",
	"last_ms" BIGINT NOT NULL,
	"records" BIGINT NOT NULL,
	"entries" TEXT COLLATE "BINARY",
	"entries_hash" TEXT COLLATE "BINARY",
	"previous" TEXT COLLATE "BINARY",
	"hash" TEXT COLLATE "BINARY",
	"signature" TEXT COLLATE "BINARY",
	"sealed_at" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "place")
);

CREATE TABLE "quota_counts" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"tenant_version" BIGINT NOT NULL,
	"tables" BIGINT NOT NULL,
	"namespaces" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id")
);

CREATE TABLE "federation_counts" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"catalog_id" TEXT COLLATE "BINARY" NOT NULL,
	"last_synced_at" BIGINT NOT NULL,
	"sync_status" TEXT COLLATE "BINARY",
	"namespaces_synced" BIGINT NOT NULL,
	"tables_synced" BIGINT NOT NULL,
	"views_synced" BIGINT NOT NULL,
	"error_message" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "catalog_id")
);
