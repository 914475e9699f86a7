"""A bucket for templates that are too large to be deployed without one."""
