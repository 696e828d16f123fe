"""`[oidc]` of PLANT.toml: people sign in where the company does."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inspection.people.roles import Role

__all__ = ["OidcSettings"]

Address = Annotated[str, Field(pattern=r"^https?://[^\s]+$", max_length=2000)]


class OidcSettings(BaseModel):
    """An OpenID provider, and what its groups may do here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Annotated[Address, Field(description="Of the provider; its configuration is below /.well-known there.")]
    client_id: Annotated[str, Field(min_length=1, max_length=200, description="Of this plant at the provider.")]
    client_secret_file: Annotated[Path, Field(description="File with the secret of this plant at the provider.")]
    ca_file: Annotated[
        Path | None, Field(description="Certificates to trust for https, PEM; those of the system without it.")
    ] = None
    plant_url: Annotated[Address, Field(description="Address of this plant for browsers; /oidc/callback is below it.")]
    scopes: Annotated[tuple[str, ...], Field(min_length=1, description="That are asked for; openid is among them.")] = (
        "openid",
        "profile",
    )
    name_claim: Annotated[str, Field(min_length=1, max_length=64, description="Claim that names the person.")] = (
        "preferred_username"
    )
    role_claim: Annotated[str, Field(min_length=1, max_length=64, description="Claim that lists groups or roles.")] = (
        "groups"
    )
    roles: Annotated[dict[str, Role], Field(min_length=1, description="Role by group; who is in several has the most.")]

    @model_validator(mode="after")
    def _asks_for_openid(self) -> Self:
        if "openid" not in self.scopes:
            msg = f"scopes: expected openid among them, got {', '.join(self.scopes)}"
            raise ValueError(msg)
        return self

    def taken_from(self, folder: Path) -> Self:
        """The same with the files' paths below `folder`."""
        paths = {name: folder / value for name, value in self if isinstance(value, Path)}
        return self.model_copy(update=paths)
