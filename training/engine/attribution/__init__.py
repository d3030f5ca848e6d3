"""Which pairs pushed a version where it is, and which labels are doubtful. Training needs nothing of this."""
