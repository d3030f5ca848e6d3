"""Reads that cross tables, for pages, API, commands and training, one file a subject."""
