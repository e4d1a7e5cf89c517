"""The pipeline: from a request to graded, stored, checked, sampled and reported conversations. Flows and commands only call it."""
