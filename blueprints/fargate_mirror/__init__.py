"""A push to CodeCommit, or a schedule, starts a Fargate task that mirrors into other regions."""
