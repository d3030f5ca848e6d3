"""Every write of training, one file a noun. Import an action from its file."""
