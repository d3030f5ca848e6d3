"""Reads of training that cross tables, one file a subject."""
