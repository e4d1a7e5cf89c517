"""A small identity provider: authorization code with PKCE, signed tokens, a key set."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "clearbar", "provider-secret-of-tests"


@dataclass
class Provider:
    """Vouches for `subject`; what it signs can be spoilt by a test."""

    address: str
    subject: str = "subject-1"
    spoilt: dict[str, object] = field(default_factory=dict)
    """Claims that a token gets instead of the right ones."""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1"}))
    signing: RSAKey | None = None
    """Another key than the published one."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.metadata),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
            ]
        )

    def metadata(self, _: Request) -> Response:
        endpoints = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return JSONResponse({"issuer": self.address, **{name: f"{self.address}/{path}" for name, path in endpoints.items()}})

    def keys(self, _: Request) -> Response:
        return JSONResponse(KeySet([self.key]).as_dict(private=False))

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"]
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 303)

    async def token(self, request: Request) -> Response:
        async with request.form() as form:
            sent = {name: str(value) for name, value in form.items()}
        asked = self.codes.pop(sent.get("code", ""), None)
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if asked is None or request.headers.get("authorization") != f"Basic {known}" or challenge != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims = {"iss": self.address, "aud": CLIENT, "sub": self.subject, "nonce": asked["nonce"], "exp": int(time.time()) + 300}
        token = jwt.encode({"alg": "RS256", "kid": "1"}, {**claims, **self.spoilt}, self.signing or self.key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "id_token": token})
