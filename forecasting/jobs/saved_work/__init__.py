"""All that one owner has, as one file to take away, and back: on another server, for another owner, in another store.

`collect` reads it from the store, `to_file` writes the file; `from_file` reads one, which comes from a stranger and is
checked whole, and `merge` adds what is not there yet.
"""
