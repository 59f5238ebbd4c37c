"""What a network's inputs alone prove wrong: contradictions of fields (inputs) and of addresses (addresses)."""
