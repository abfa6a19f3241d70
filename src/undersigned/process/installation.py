"""The installation: what must never change under the data."""

import hashlib
import hmac

from undersigned.database.connection import Database
from undersigned.errors import InstallationChanged
from undersigned.identity import keys


async def establish(db: Database, pepper: str) -> None:
    """Ties a new database to the pepper and the identity rules, or checks them.

    Raises InstallationChanged if either differs from what the database was filled with: every key would change, and
    whoever signed could sign again.
    """
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
