"""Which texts are published: rules over all texts of a set, decided at once before final shards are written.

A task for each source shard publishes the texts of the samples that pass the filters (`offered`), with their
scores (`scored`). The driver reads the rules (`rules_file`), loads what they ask for into a DuckDB of its own
(`database`) and applies them one after the other (`decide`). What they decided is read by the tasks that
write the shards (`decided`).
"""
