"""The effects on a network, one small frozen value each: it executes itself and names the step that undoes it.

A step reads, asks a pure function what is left to do, and makes those calls. `reattach` decides; `actions` holds calls.
"""
