"""Questions and answers about pictures, made of their facts."""
