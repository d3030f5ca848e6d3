"""Model versions outside the database: their files, the servers that serve them, retention, and the format of hubs."""
