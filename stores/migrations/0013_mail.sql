-- min_program: 1
-- Who mail is from, who asked for an account, and what another server's groups mean here.

ALTER TABLE "settings" ADD COLUMN "smtp_from" TEXT COLLATE "BINARY";

CREATE TABLE "signups" (
	"token_hash" TEXT COLLATE "BINARY" NOT NULL,
	"token" TEXT COLLATE "BINARY",
	"tenant_id" TEXT COLLATE "BINARY",
	"email" TEXT COLLATE "BINARY",
	"password_hash" TEXT COLLATE "BINARY",
	"expires_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("token_hash")
);

ALTER TABLE "oauth_flows" ADD COLUMN "roles" TEXT COLLATE "BINARY";

CREATE INDEX "roles_name" ON "roles" ("name", "tenant_id", "id");
