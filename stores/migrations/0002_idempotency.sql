-- min_program: 1
CREATE TABLE "idempotency_keys" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"key" TEXT COLLATE "BINARY" NOT NULL,
	"operation" TEXT COLLATE "BINARY",
	"principal" TEXT COLLATE "BINARY",
	"request_hash" TEXT COLLATE "BINARY",
	"http" BIGINT NOT NULL,
	"error_type" TEXT COLLATE "BINARY",
	"answer" TEXT COLLATE "BINARY",
	"made_ms" BIGINT NOT NULL,
	"expires_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "key")
);
