"""Writers of the Python SDK's types."""
