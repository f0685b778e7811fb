"""An OpenID provider: django-oauth-toolkit, with a login form, consent, PKCE required, and the device flow.

It prints `listening at PORT` and serves on 127.0.0.1, one request after the other, out of memory. The issuer is http://127.0.0.1:PORT/o.
Two things that it lacks are added here, out of its own parts: the device endpoint in the discovery document, and the ID token of a device.
"""

import json

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

login = '<form method="post">{% csrf_token %}{{ form.as_p }}<input type="hidden" name="next" value="{{ next }}"></form>'

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware"],
    OAUTH2_PROVIDER={
        "ACCESS_TOKEN_EXPIRE_SECONDS": 300,
        "ID_TOKEN_EXPIRE_SECONDS": 300,
        "OAUTH2_VALIDATOR_CLASS": "__main__.Validator",
        "OAUTH_DEVICE_VERIFICATION_URI": "http://127.0.0.1/replaced",
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": key.decode(),
        "PKCE_REQUIRED": True,
        "SCOPES": {"openid": "who you are", "groups": "your groups"},
    },
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF="__main__",
    SECRET_KEY="of a test",
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [
            ("django.template.loaders.locmem.Loader", {"registration/login.html": login}),
            "django.template.loaders.app_directories.Loader"]}}],
    DEBUG_PROPAGATE_EXCEPTIONS=True,
    USE_TZ=True,
)
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.views import LoginView  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.servers.basehttp import WSGIServer, WSGIRequestHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from oauth2_provider.oauth2_validators import OAuth2Validator  # noqa: E402
from oauth2_provider.settings import oauth2_settings  # noqa: E402
from oauth2_provider.views.oidc import ConnectDiscoveryInfoView  # noqa: E402
from oauthlib.openid.connect.core.grant_types.base import GrantTypeBase  # noqa: E402


class Validator(OAuth2Validator):
    oidc_claim_scope = {**OAuth2Validator.oidc_claim_scope, "groups": "groups"}

    def get_additional_claims(self, request):
        return {"groups": ["editors", "releases"]}

    def save_token(self, token, request, *args, **kwargs):
        super().save_token(token, request, *args, **kwargs)
        if request.grant_type.endswith(":device_code"):
            _IDTokens(self).add_id_token(token, None, request)


class _IDTokens(GrantTypeBase):
    def __init__(self, validator):
        self.request_validator = validator


class Discovery(ConnectDiscoveryInfoView):
    def get(self, request, *args, **kwargs):
        document = json.loads(super().get(request, *args, **kwargs).content)
        document["device_authorization_endpoint"] = document["issuer"] + "/device-authorization/"
        return JsonResponse(document)


urlpatterns = [
    path("accounts/login/", LoginView.as_view()),
    path("o/.well-known/openid-configuration", Discovery.as_view()),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]

call_command("migrate", verbosity=0)
get_user_model().objects.create_user("ada", password="analytical engine")
common = {"algorithm": "RS256", "redirect_uris": "http://127.0.0.1:9/back"}
Application.objects.create(
    client_id="config-console", client_secret="a secret: of 100 %", name="console", client_type="confidential",
    authorization_grant_type="authorization-code", **common)
Application.objects.create(
    client_id="config-cli", name="command line", client_type="public", authorization_grant_type="authorization-code",
    **common)
Application.objects.create(
    client_id="config-device", name="device", client_type="public",
    authorization_grant_type="urn:ietf:params:oauth:grant-type:device_code", **common)

server = WSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
server.set_app(get_wsgi_application())
port = server.server_address[1]
settings.OAUTH2_PROVIDER["OAUTH_DEVICE_VERIFICATION_URI"] = f"http://127.0.0.1:{port}/o/device/"
oauth2_settings.reload()
print(f"listening at {port}", flush=True)
server.serve_forever()
