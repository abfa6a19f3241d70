"""The installation: what must never change under the data."""

import hashlib
import hmac

from undersigned.database.connection import Database
from undersigned.errors import Explained, InstallationChanged
from undersigned.identity import keys
from undersigned.process import readiness


class NotMigrated(Explained):
    """The database lacks migrations of this version."""

    code = "not_migrated"


async def must_be_migrated(db: Database) -> None:
    """Raises NotMigrated where no `serve` of this version has ever begun."""
    if missing := await readiness.missing_migrations(db):
        raise NotMigrated(
            f"This database lacks migrations of this version ({missing[0]}, {len(missing)} in all): start `undersigned serve` "
            "first, which applies them."
        )


async def establish(db: Database, pepper: str) -> None:
    """Ties a new database to the pepper and the identity rules, or checks them.

    Raises InstallationChanged if either differs from what the database was filled with: every key would change, and
    whoever signed could sign again. Raises NotMigrated.
    """
    await must_be_migrated(db)
    check = hmac.digest(pepper.encode(), b"undersigned installation", hashlib.sha256)
    await db.execute(db.q.installation.establish, check, keys.RULES)
    established = await db.one(db.q.installation.read)
    if not hmac.compare_digest(established.pepper_check, check):
        raise InstallationChanged("UNDERSIGNED_PEPPER is not the one this database was filled with: set the old one.")
    if established.identity_rules != keys.RULES:
        raise InstallationChanged(
            "The identity rules of this version differ from those this database was filled with: "
            "install the version before, and migrate with `rekey` first."
        )
