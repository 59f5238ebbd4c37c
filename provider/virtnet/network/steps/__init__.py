"""The effects on a network, one small frozen value each: it executes itself and names the step that undoes it."""
