"""The roles with which a pipeline deploys a service, in a stack of their own."""
