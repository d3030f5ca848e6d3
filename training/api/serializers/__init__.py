"""The JSON of the training API. Serializers check the form of requests; actions check what is allowed."""
