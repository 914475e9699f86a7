"""Deployments that CloudFormation refuses, or that fail."""
