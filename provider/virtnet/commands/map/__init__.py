"""`virtnet map`: a picture of hosts, or of what a stack records of them. Changes nothing.

`look` reads a host, `of_host` and `of_state` make the map (`model`) of what was read, and the rest draws that: `output`
as JSON, `mermaid`, and `picture` as SVG and as a page.
"""
