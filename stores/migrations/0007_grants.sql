-- min_program: 1
-- Roles, who has them, and grants to one user alone.

CREATE TABLE "roles" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY" NOT NULL,
	"name" TEXT COLLATE "BINARY",
	"description" TEXT COLLATE "BINARY",
	"permissions" TEXT COLLATE "BINARY",
	"created_by" TEXT COLLATE "BINARY",
	"created_at" BIGINT NOT NULL,
	"updated_at" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "id")
);

CREATE TABLE "role_assignments" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"user_id" TEXT COLLATE "BINARY" NOT NULL,
	"role_id" TEXT COLLATE "BINARY" NOT NULL,
	"assigned_by" TEXT COLLATE "BINARY",
	"assigned_at" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "user_id", "role_id")
);
CREATE INDEX "role_assignments_role_id" ON "role_assignments" ("role_id", "tenant_id", "user_id");

CREATE TABLE "permissions" (
	"tenant_id" TEXT COLLATE "BINARY" NOT NULL,
	"id" TEXT COLLATE "BINARY" NOT NULL,
	"user_id" TEXT COLLATE "BINARY",
	"scope" TEXT COLLATE "BINARY",
	"actions" TEXT COLLATE "BINARY",
	"granted_by" TEXT COLLATE "BINARY",
	"granted_at" BIGINT NOT NULL,
	"version" BIGINT NOT NULL,
	PRIMARY KEY ("tenant_id", "id")
);
CREATE INDEX "permissions_user_id" ON "permissions" ("user_id", "tenant_id", "id");
