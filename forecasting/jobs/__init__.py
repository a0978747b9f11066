"""What takes longer than a page can wait: the store of channels, runs and other jobs, their queue, and the workers.

Workers write the store, pages read it. SQLite by default, any database by SQLAlchemy URL.
"""
