"""The effects on a network. Each is a small frozen value, which executes itself and returns the step that undoes it.

A step reads, a pure function decides what is left to do, and the step makes those calls. `reattach` has such functions,
`actions` the calls.
"""
