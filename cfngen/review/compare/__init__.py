"""Where two versions of a template differ, and what becomes of the resources."""
