"""What ``mpgi inspect`` shows of each kind of folder: a module a kind, and which forms it has."""
