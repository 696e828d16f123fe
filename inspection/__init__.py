"""The plant service: what stations report, what people say of it, and the models that follow from both."""
