"""Who signs (`identity`), what is said (`claim`), putting it into a file (`embed`), reading any file (`read`).

Only `embed` and `read` know c2pa, and import it when they are called.
"""
