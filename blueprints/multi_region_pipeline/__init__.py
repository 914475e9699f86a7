"""One pipeline that builds once and deploys to many regions, each in its own hours."""
