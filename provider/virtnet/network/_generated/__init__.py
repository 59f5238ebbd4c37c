"""Written by tools/codegen from the spec."""
