"""How far each owner has come in the walkthrough, in the store: so it survives a closed tab, and a server's restart."""

import sqlalchemy as sa

from forecasting.jobs.owners import lock_owner
from forecasting.jobs.tables import chapters


class ChapterStore:
    """Safe to use from several processes and threads at once."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def note(self, owner: str, slug: str, *, tried: bool) -> None:
        """A chapter was opened, or its experiment tried; what was tried stays so."""
        mine = (chapters.c.owner == owner) & (chapters.c.slug == slug)
        with self.engine.begin() as connection:
            lock_owner(connection, owner)
            known = connection.execute(sa.select(chapters.c.tried).where(mine)).scalar()
            if known is None:
                connection.execute(sa.insert(chapters), {"owner": owner, "slug": slug, "tried": tried})
            elif tried and not known:
                connection.execute(sa.update(chapters).where(mine).values(tried=True))

    def tried(self, owner: str) -> dict[str, bool]:
        """Chapters that were opened, by slug, and whether each was tried."""
        query = sa.select(chapters.c.slug, chapters.c.tried).where(chapters.c.owner == owner)
        with self.engine.connect() as connection:
            return {row.slug: row.tried for row in connection.execute(query)}
