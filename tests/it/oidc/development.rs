//! The OIDC issuer of the development deployment, which stands beside its two pools.

use smac_local::deployment::Issuer;
use smac_local::keys::{Algorithm, Key};
use smac_local::stand_ins::Upstream;
use smac_local::token::{Token, Use};

use crate::support::{token_of_dev, world_with_oidc};

#[tokio::test]
async fn each_algorithm_of_the_issuer_verifies_and_no_other_does() {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let rsa = [RS256, RS384, RS512, PS256, PS384, PS512].map(|algorithm| (Key::DevRsa, algorithm));
    let others = [(Key::Dev, ES256), (Key::DevP384, ES384), (Key::DevEd25519, EdDSA)];
    for (key, algorithm) in rsa.into_iter().chain(others) {
        let name = format!("{algorithm:?}");
        let world = world_with_oidc(&[("PROVIDER_OIDC__ISSUERS__DEV__ALGORITHMS", &name)]).await;
        let token = token_of_dev().using(key, algorithm);
        assert_eq!(world.ask_with_token(&token.sign()).await.reason(), "allowed", "{name}");
        let forged = token.clone().forged().sign();
        assert_eq!(world.ask_with_token(&forged).await.reason(), "signature_invalid", "{name}");
        let another = if algorithm == ES256 { (Key::DevRsa, PS256) } else { (Key::Dev, ES256) };
        let other = token_of_dev().using(another.0, another.1).sign();
        assert_eq!(world.ask_with_token(&other).await.reason(), "algorithm_not_allowed", "{name}");
    }
}

#[tokio::test]
async fn the_issuer_is_asked_about_its_users_at_the_endpoint_of_its_document() {
    let world = world_with_oidc(&[]).await;
    let token = Token::of(Issuer::Dev, Use::Access);
    let told = world.ask_with_token(&token.sign()).await;
    assert_eq!((told.reason(), told.user_id()), ("allowed", "dev:jane@example.com".to_owned()));
    assert_eq!(world.stand_ins.asked(Upstream::UserInfo), ["DEV"]);
}
