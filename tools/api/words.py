"""What is said about the API as a whole."""

from collections.abc import Mapping

ABOUT = """\
Hands in vaults, follows them, and answers what they ask.

* Bodies are JSON. A list of vaults, a campaign or a settlement with a member that is not described
  is refused. Answers may get new members at any time: pass over those you do not know.
* Times are ISO 8601 with their zone, UTC.
* Answers of 400 and above are `{"error": {"code", "message", ...}}`. Codes do not change, messages
  may. A wrong method on a known path is answered with 405, an unknown path with 404, a missing or
  wrong key with 401, each by the host and without a body of this form.
* With the platform's sign-in in front of the app the caller is who the platform says. A request that
  names somebody else is refused; in an answer (approval, instruction, guard) the platform's word takes
  the place of the body's. Without sign-in, the names in bodies are taken as they are.
* Handing the same vault in twice is safe: the second request joins the first.
"""

TAGS: Mapping[str, str] = {
    "upgrades": "Classic vaults on their way to becoming Recovery Services vaults.",
    "campaigns": "Hundreds of upgrades, so many at a time.",
    "settlements": "What an upgrade leaves to do, now or years later.",
    "messages": "Messages that became no run, and the order of those that wait.",
}

UNKEYED = "The key is missing or wrong. Answered by the host, without a body."
