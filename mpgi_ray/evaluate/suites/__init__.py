"""Suites by name: test sets, what each is for, and published figures."""
