"""Questions about pictures that an engine is asked, and how right its answers are."""
