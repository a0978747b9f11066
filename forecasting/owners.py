"""Whose something in the store is: a signed-in user's, a browser's, or the one person's of a local server.

An owner is a text that only its person's requests give: nobody else's can be worked out from it.
"""

import hashlib
import json

LOCAL = "local"  # who owns all on a server that only its own machine reaches
USER = "user."  # what the owners who sign in begin with; a browser's has no dot


def user(issuer: str, subject: str) -> str:
    """The owner who signs in there with that subject.

    Only both together name a person (OpenID Connect Core 1.0, section 5.7): a mail address may be given anew, be at two
    providers, or not be checked.
    """
    return USER + _digest(json.dumps([issuer, subject]))


def browser(token: str) -> str:
    """The owner who has this random token as a cookie."""
    return _digest(token)


def signs_in(owner: str) -> bool:
    """Whether the owner can come back from any browser, so that what is kept is not lost with one."""
    return owner.startswith(USER)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
