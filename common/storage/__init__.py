"""Files that several machines use: where they lie here, and the storage that all machines share (STORAGE_URL)."""
