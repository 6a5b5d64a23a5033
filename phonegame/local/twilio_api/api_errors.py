"""The REST API's errors, in the shape of the Calls API.

Source: Twilio's documentation, "Twilio's response", and the error dictionary; the texts are those that were seen.
"""

from __future__ import annotations

from phonegame.local.http_server import HttpAnswer


class ApiError(Exception):
    """An answer other than what was asked for. `code` None: from a gateway before the API."""

    def __init__(self, status: int, code: int | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    @property
    def answer(self) -> HttpAnswer:
        content: dict[str, object] = {"message": str(self), "status": self.status}
        if self.code is not None:
            content = {"code": self.code, **content, "more_info": f"https://www.twilio.com/docs/errors/{self.code}"}
        headers = {"WWW-Authenticate": 'Basic realm="Twilio API"'} if self.status == 401 else {}
        return HttpAnswer(self.status, content, headers)


def not_found(path: str) -> ApiError:
    return ApiError(404, 20404, f"The requested resource {path} was not found")


NOT_AUTHENTICATED = ApiError(401, 20003, "Authenticate")
NO_SUCH_METHOD = ApiError(405, 20004, "Method not allowed")
TOO_MANY = ApiError(429, 20429, "Too Many Requests")
NOT_IN_PROGRESS = ApiError(400, 21220, "Call is not in-progress. Cannot redirect.")
NOT_TO_BE_CANCELED = ApiError(400, 21220, "Call is not queued or ringing. Cannot cancel.")

REFUSALS = {
    21214: "'To' phone number cannot be reached",
    21215: "Account not authorized to call {to}. Perhaps you need to enable some international permissions",
    21216: "Account not allowed to call {to}",
    21219: "The number {to} is unverified. Trial accounts may only make calls to verified numbers.",
}
