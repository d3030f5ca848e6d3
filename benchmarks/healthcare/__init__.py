"""The healthcare suite on the base model and on a version that learned a clinic's preferences."""
