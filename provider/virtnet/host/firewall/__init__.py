"""A host's firewall as values, and what becomes of a packet in it: `ruleset` of what programs list, `verdicts` of that.

Pure. Which packets matter is asked by whoever has some: a network's guests, say.
"""
