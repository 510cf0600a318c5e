"""`roomd migrate`: the database's schema brought to this program's."""

from roomd.commands import TO_DO, tell
from roomd.embedded.share import shared
from roomd.settings import Settings
from roomd.store import migrate as schema


async def migrate(settings: Settings, *, check: bool, as_json: bool) -> int:
    """Apply what is missing, or say what is; the exit code. Raises MigrationError or Unavailable."""
    async with shared(settings) as urls:
        missing = await schema.pending(urls.database_url)
        if not check:
            await schema.migrate(urls.database_url)
    names = ", ".join(missing)
    if not missing:
        said = f"All {len(schema.known())} migrations are there."
    else:
        said = f"Missing: {names}." if check else f"Applied: {names}."
    tell({"missing" if check else "applied": missing, "newest": schema.known()[-1]}, said, as_json=as_json)
    return TO_DO if check and missing else 0
