"""What the classic package lacks, as subclasses of its own classes: exported by `rmqlab.client`.

They inherit from `rocketmq.client`'s classes, so whatever takes those takes these, and every old method
works. What they add needs our library under the package (docs/client.md): over a native one they refuse to
be imported.
"""
