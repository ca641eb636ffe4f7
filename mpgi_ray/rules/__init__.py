"""Rules: annotations to facts to true sentences. Pure functions; wordings are chosen by the sample's id."""

from mpgi_ray.rules.facts import Facts
from mpgi_ray.rules.gathering import gather, told_objects
from mpgi_ray.rules.sentences import measured_text, rule_text, told, trusted_text

__all__ = ["Facts", "gather", "measured_text", "rule_text", "told", "told_objects", "trusted_text"]
