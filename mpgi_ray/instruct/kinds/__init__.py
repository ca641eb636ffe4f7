"""The kinds of questions: a module for one or a few of them; `asked` makes them of what is known."""
