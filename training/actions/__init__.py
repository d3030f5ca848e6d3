"""The actions of training: every write, one file for each noun. Import an action from its file."""
