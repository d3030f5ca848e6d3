"""Backups: one archive of the database and of the files that its rows name, and its way into an empty installation."""
