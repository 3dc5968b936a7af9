-- min_program: 1
-- Rows that are kept outside their tenant, found by it: for exports and imports.

CREATE INDEX "locations_tenant_id" ON "locations" ("tenant_id", "storage", "path");
CREATE INDEX "api_keys_tenant_id" ON "api_keys" ("tenant_id", "key_hash");
CREATE INDEX "jobs_tenant_id" ON "jobs" ("tenant_id", "job_id");
CREATE INDEX "oauth_identities_tenant_id" ON "oauth_identities" ("tenant_id", "provider", "subject");
-- Why nobody may write to a tenant for now; NULL: everybody with the right to may.

ALTER TABLE "tenants" ADD COLUMN "read_only" TEXT COLLATE "BINARY";
