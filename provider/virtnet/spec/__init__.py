"""How inputs are declared (part), checked (values, checking) and spelled on Pulumi's wire (properties)."""
