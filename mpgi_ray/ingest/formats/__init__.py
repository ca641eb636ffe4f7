"""Source formats. Every module here is one: its function of the module's own name gives a `Listing`.

The command line makes `mpgi ingest NAME` of that function: its parameters are the arguments and options
(annotated for typer), the text of its docstring is the help.
"""
