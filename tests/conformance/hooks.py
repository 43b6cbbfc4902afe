"""Jobs of kind fetch ask web services of others: what is generated here is only to be checked, so each of
them becomes a dry run. Bodies that the service must refuse stay as they are."""
import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    body = case.body
    if not isinstance(body, dict) or body.get("kind") != "fetch":
        return
    request = body.get("request")
    if isinstance(request, dict) and request.get("dry_run") in (None, False):
        request["dry_run"] = True
