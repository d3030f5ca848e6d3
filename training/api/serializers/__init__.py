"""The JSON of the training API. Requests are checked here for form only; what is allowed is decided by the actions."""
