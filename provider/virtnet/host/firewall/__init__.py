"""A host's firewall as values, and what happens to a packet in it: `ruleset` has the rules, `verdicts` decides.

Pure. The caller chooses the packets, for example those of a network's guests.
"""
