"""Faults of a running cluster: each is one call, says what shows that it took effect, and can be undone.

`Cluster.fault` begins one by its name; `with` undoes it, or `undo()`.
"""

from rmqlab.faults.disks import TRANSIENT_POOL
from rmqlab.faults.fault import FAULTS, Fault, Kind, begin, mend, troubles

__all__ = ["FAULTS", "TRANSIENT_POOL", "Fault", "Kind", "begin", "mend", "troubles"]
