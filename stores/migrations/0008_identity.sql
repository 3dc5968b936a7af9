-- min_program: 1
-- Failed logins that count, who is known from elsewhere, logins under way there,
-- and the keys of issuers whose tokens are taken.

CREATE TABLE "login_attempts" (
	"subject" TEXT COLLATE "BINARY" NOT NULL,
	"failures" BIGINT NOT NULL,
	"until_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("subject")
);

CREATE TABLE "oauth_identities" (
	"provider" TEXT COLLATE "BINARY" NOT NULL,
	"subject" TEXT COLLATE "BINARY" NOT NULL,
	"tenant_id" TEXT COLLATE "BINARY",
	"username" TEXT COLLATE "BINARY",
	"user_id" TEXT COLLATE "BINARY",
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("provider", "subject")
);

CREATE TABLE "oauth_flows" (
	"handle_hash" TEXT COLLATE "BINARY" NOT NULL,
	"step" TEXT COLLATE "BINARY",
	"provider" TEXT COLLATE "BINARY",
	"redirect_uri" TEXT COLLATE "BINARY",
	"nonce" TEXT COLLATE "BINARY",
	"verifier" TEXT COLLATE "BINARY",
	"tenant_id" TEXT COLLATE "BINARY",
	"username" TEXT COLLATE "BINARY",
	"user_id" TEXT COLLATE "BINARY",
	"expires_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("handle_hash")
);

CREATE TABLE "issuers" (
	"issuer" TEXT COLLATE "BINARY" NOT NULL,
	"endpoints" TEXT COLLATE "BINARY",
	"jwks" TEXT COLLATE "BINARY",
	"read_ms" BIGINT NOT NULL,
	"tried_ms" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("issuer")
);

CREATE INDEX "users_email" ON "users" ("email", "tenant_id", "username");
