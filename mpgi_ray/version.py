"""The version of this package, apart from its public interface, which imports what every folder has."""

VERSION = "0.2.0"
