"""Model versions as things: their files, the servers that serve them, what may be removed, and the folder of a hub."""
