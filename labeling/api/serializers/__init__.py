"""The JSON of the API. Serializers check the form of a request; actions decide whether it is allowed."""
