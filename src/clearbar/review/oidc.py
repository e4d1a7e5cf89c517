"""Sign-in through an identity provider: OpenID Connect's authorization code flow with PKCE."""

import secrets
from functools import cached_property
from typing import Any, Final, NamedTuple

import httpx
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from itsdangerous import BadSignature, URLSafeTimedSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from clearbar.errors import ClearbarError
from clearbar.settings import OidcSettings

__all__ = ["MINUTES", "Begun", "Oidc", "OidcError"]

MINUTES: Final = 10
"""Within which somebody comes back from the provider."""
ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Of signatures; none that a shared secret could make."""
SKEW: Final = 60
"""Seconds by which clocks may differ."""


class OidcError(ClearbarError):
    """The provider cannot be reached, or what came back from it cannot be trusted."""


class Begun(NamedTuple):
    """A sign-in on its way."""

    address: str
    """Where the browser goes."""
    sealed: str
    """What it brings back in a cookie: state, nonce and verifier under our signature."""


class Oidc:
    """One identity provider.

    Parameters
    ----------
    settings
        Who it is, and who we are to it.
    secret
        Signs what the browser keeps meanwhile.
    """

    def __init__(self, settings: OidcSettings, secret: bytes) -> None:
        self._settings = settings
        self._seal = URLSafeTimedSerializer(secret, salt="clearbar oidc")

    def begin(self, redirect: str, next: str) -> Begun:
        """Return where to send the browser, and what it must bring back.

        Raises
        ------
        OidcError
            If the provider does not say where.
        """
        kept = {"state": secrets.token_urlsafe(24), "nonce": secrets.token_urlsafe(24), "verifier": secrets.token_urlsafe(48), "next": next}
        with self._client(redirect) as client:
            address, _ = client.create_authorization_url(
                self._metadata["authorization_endpoint"], state=kept["state"], nonce=kept["nonce"], code_verifier=kept["verifier"]
            )
        return Begun(str(address), str(self._seal.dumps(kept)))

    def finish(self, redirect: str, *, code: str, state: str, sealed: str) -> tuple[str, str]:
        """Return who came back (the subject) and where they wanted to go.

        Raises
        ------
        OidcError
            If it was not begun here, took too long, or the token is not the provider's, not for us, over, or of another sign-in.
        """
        try:
            kept = self._seal.loads(sealed, max_age=MINUTES * 60)
        except BadSignature:
            raise OidcError("this sign-in was not begun here, or took too long", fix="begin again") from None
        if not code or not secrets.compare_digest(state, kept["state"]):
            raise OidcError("the provider's answer belongs to another sign-in, or refuses it", fix="begin again")
        try:
            with self._client(redirect) as client:
                token = client.fetch_token(self._metadata["token_endpoint"], code=code, code_verifier=kept["verifier"])
            return self._subject(token["id_token"], kept["nonce"]), kept["next"]
        except (OAuthError, JoseError, KeyError, ValueError, httpx.HTTPError) as error:
            raise OidcError(f"the provider's answer cannot be used ({type(error).__name__})", fix="begin again, or ask an admin") from error

    def _subject(self, id_token: str, nonce: str) -> str:
        keys = KeySet.import_key_set(self._fetch(self._metadata["jwks_uri"]))
        claims = jwt.decode(id_token, keys, algorithms=ALGORITHMS).claims
        expected: dict[str, Any] = {
            "iss": {"essential": True, "value": self._metadata["issuer"]},
            "aud": {"essential": True, "value": self._settings.client_id},
            "exp": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
            "sub": {"essential": True},
        }
        jwt.JWTClaimsRegistry(leeway=SKEW, **expected).validate(claims)
        return str(claims["sub"])

    def _client(self, redirect: str) -> OAuth2Client:
        return OAuth2Client(
            self._settings.client_id,
            self._settings.client_secret.get_secret_value(),
            scope=self._settings.scope,
            redirect_uri=redirect,
            code_challenge_method="S256",
            timeout=15,
        )

    @cached_property
    def _metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = self._fetch(self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer", "").rstrip("/") != self._settings.issuer.rstrip("/"):
            raise OidcError("the identity provider names another issuer than the settings", fix="check CLEARBAR_REVIEW__OIDC__ISSUER")
        return found

    def _fetch(self, address: str) -> Any:
        try:
            answer = httpx.get(address, timeout=15, follow_redirects=True)
            return answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise OidcError(
                f"the identity provider does not answer ({type(error).__name__})", fix="try again, or sign in by name"
            ) from error
