"""The generator of all code and documents that are made of the provider's specs: `python -m tools.codegen`."""
