"""Waivers of findings, and the digest by which an approval binds; values only, no clock."""
