"""The evaluation of versions: biases of labels, of the implicit reward, and of the texts that a version writes."""
