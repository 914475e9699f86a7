"""A push to any branch is built by CodeBuild: in order and from bundles, or directly."""
