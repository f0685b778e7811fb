"""The OpenID provider of IdentityTests as a company would have it: clients for this platform, and people in groups that change.

`POST /test/person` makes somebody or changes them: name, groups (separated by commas), verified (whether the email is). The password of
everybody is "correct horse". It prints `listening at PORT`; the issuer is http://127.0.0.1:PORT/o.
"""

import os
import runpy
import sys

from django.core.servers import basehttp

provider = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../IdentityTests/Servers/django_server.py")
verified = set()


def furnish(main):
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.http import HttpResponse
    from django.urls import path
    from django.views.decorators.csrf import csrf_exempt
    from oauth2_provider.models import Application
    from oauth2_provider.settings import oauth2_settings

    def claims(self, request):
        user = request.user
        return {
            "email": user.email, "email_verified": user.username in verified, "name": user.get_full_name(),
            "groups": sorted(user.groups.values_list("name", flat=True))}

    main.Validator.oidc_claim_scope = dict.fromkeys(["email", "email_verified", "groups", "name", "sub"], "openid")
    main.Validator.get_additional_claims = claims

    @csrf_exempt
    def person(request):
        name = request.POST["name"]
        user, made = get_user_model().objects.get_or_create(
            username=name, defaults={"email": name + "@Example.com", "first_name": name.capitalize()})
        if made:
            user.set_password("correct horse")
            user.save()
        names = [group for group in request.POST.get("groups", "").split(",") if group]
        user.groups.set([Group.objects.get_or_create(name=group)[0] for group in names])
        (verified.add if request.POST.get("verified", "true") == "true" else verified.discard)(name)
        return HttpResponse(status=204)

    main.urlpatterns.append(path("test/person", person))
    settings.OAUTH2_PROVIDER["SCOPES"] = {"openid": "who you are", "email": "your address", "profile": "your name"}
    oauth2_settings.reload()
    Application.objects.create(
        client_id="cfg", client_secret="a client's secret: 100 %", name="ConfigPlatform", client_type="confidential",
        authorization_grant_type="authorization-code", algorithm="RS256", redirect_uris="http://127.0.0.1/callback")


class Server(basehttp.WSGIServer):
    def serve_forever(self, *arguments, **named):
        furnish(sys.modules["__main__"])
        super().serve_forever(*arguments, **named)


basehttp.WSGIServer = Server
runpy.run_path(provider, run_name="__main__")
