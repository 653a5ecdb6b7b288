"""Step 0: training works come in, with what their makers say about them.

`collect.read.collect` walks a folder, joins it with a CSV table, and gives works and refusals, one after another.
It records nothing: whoever calls it keeps what comes out.
"""
