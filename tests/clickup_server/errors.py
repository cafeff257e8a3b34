"""ClickUp's error answers. A wording that no page or report shows is marked: guess."""


class ApiError(Exception):
    """An answer other than 2xx: ``{"err", "ECODE"}``."""

    def __init__(self, status: int, err: str, ecode: str) -> None:
        super().__init__(err)
        self.status, self.err, self.ecode = status, err, ecode


def not_authorized() -> ApiError:
    """What the token cannot reach, and what never existed: ClickUp does not tell these apart."""
    return ApiError(401, "Team not authorized", "OAUTH_027")


def no_header() -> ApiError:
    return ApiError(401, "Authorization header required", "OAUTH_017")


def bad_token() -> ApiError:
    return ApiError(401, "Token invalid", "OAUTH_025")


def revoked_token() -> ApiError:
    return ApiError(401, "Oauth token not found", "OAUTH_019")  # the wording is a guess


def deleted_task() -> ApiError:
    return ApiError(404, "Task not found, deleted", "ITEM_013")  # code and wording: guess


def unknown_status() -> ApiError:
    return ApiError(400, "Status not found", "CRTSK_001")


def bad_option() -> ApiError:
    return ApiError(400, "Value must be an option index or uuid", "FIELD_011")


def bad_value(kind: str) -> ApiError:
    return ApiError(400, f"Value is not valid for a field of type {kind}", "FIELD_012")  # guess


def unknown_field() -> ApiError:
    return ApiError(400, "Custom field not found", "FIELD_013")  # guess


def name_missing() -> ApiError:
    return ApiError(400, "Task name invalid", "INPUT_005")  # the wording is a guess


def bad_date() -> ApiError:
    return ApiError(400, "Date invalid", "INPUT_006")  # the wording is a guess


def bad_list_id() -> ApiError:
    return ApiError(400, "List ID invalid", "INPUT_003")  # the wording is a guess


def bad_input(what: str) -> ApiError:
    return ApiError(400, f"{what} invalid", "INPUT_001")  # guess


def bad_order() -> ApiError:
    return ApiError(500, "Internal server error", "ITEMV2_003")


def no_comment() -> ApiError:
    return ApiError(400, "Comment text required", "COMMENT_001")  # guess


def no_attachment() -> ApiError:
    return ApiError(400, "Attachment required", "ATTCH_001")  # guess


def storage_full() -> ApiError:
    return ApiError(400, "You have used all of your storage", "GBUSED_005")  # the status is a guess


def webhook_exists() -> ApiError:
    return ApiError(400, "Webhook configuration already exists", "OAUTH_171")


def unknown_webhook() -> ApiError:
    return ApiError(404, "Webhook not found", "OAUTH_172")  # guess


def rate_limited() -> ApiError:
    return ApiError(429, "Rate limit reached", "APP_002")


def no_route(method: str, path: str) -> ApiError:
    """Not ClickUp's: names what the stand-in lacks, so that a test's failure says what to add."""
    return ApiError(404, f"the stand-in has no route {method} {path}", "STAND_IN_404")
