"""An engine around a model of ours, which writes about pictures."""
