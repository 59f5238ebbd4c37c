"""LibvirtNetwork: a libvirt network, from its inputs to its life on a host.

* spec, checks: the inputs, and what they alone prove wrong; tree, names: what they say and choose.
* xml: libvirt's XML, read and written; versions: what which libvirt knows.
* observe: what libvirt and the host report of a network; observed: that as values.
* problem_kinds: what can be wrong with a network, and what mends it; observe.problems finds it.
* diff: recorded against desired; plan: what to do about it, or why not; steps: doing it.
* messages: every sentence, a module each for problems, notes, refusals, failures of inputs, and steps.
* outputs, predict: what is recorded, and what a preview can promise of it; program: what `virtnet import` prints.
* unchanged: the fast path; resource: the record that ties it together.
"""
