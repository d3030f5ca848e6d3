"""The JSON of the API. Requests are checked here for form only; what is allowed is decided by the actions."""
