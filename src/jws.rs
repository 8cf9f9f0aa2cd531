//! Compact JWS (RFC 7515): decoded, then unverified, then signed. Nothing else makes [`SignedClaims`].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::claims::Claims;
use crate::error::Unauthorized;
use crate::keys::{Algorithm, VerifyingKey};

/// The three segments of a compact JWS (RFC 7515, section 7.1), decoded.
pub(crate) struct Decoded<'t> {
    pub(crate) header: Vec<u8>,
    pub(crate) claims: Vec<u8>,
    /// What is signed: the first two segments as they arrived.
    message: &'t [u8],
    pub(crate) signature: Vec<u8>,
}

/// A token whose signature nobody has verified. Only its header and its issuer may be looked at.
pub(crate) struct Unverified<'t> {
    header: Claims,
    claims: Claims,
    message: &'t [u8],
    signature: Vec<u8>,
}

/// The claims of a token whose signature was valid under a key of its issuer.
#[derive(Debug)]
pub(crate) struct SignedClaims {
    claims: Claims,
    header: Claims,
}

/// What a token says it is (`typ`, RFC 7515, section 4.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenType {
    /// It does not say.
    Absent,
    /// A JWT of any kind (RFC 7519, section 5.1).
    Jwt,
    /// An access token (RFC 9068, section 2.1).
    AccessToken,
    /// Something else.
    Other,
}

impl<'t> Decoded<'t> {
    /// Strict: no padding, no other alphabet, no stray trailing bits, so that no token has two spellings.
    ///
    /// # Errors
    /// [`Unauthorized::TokenMalformed`]
    pub(crate) fn parse(token: &'t str) -> Result<Self, Unauthorized> {
        let (message, signature) = token.rsplit_once('.').ok_or(Unauthorized::TokenMalformed)?;
        let (header, claims) = message.split_once('.').ok_or(Unauthorized::TokenMalformed)?;
        let decode = |segment: &str| URL_SAFE_NO_PAD.decode(segment).map_err(|_| Unauthorized::TokenMalformed);
        Ok(Self {
            header: decode(header)?,
            claims: decode(claims)?,
            message: message.as_bytes(),
            signature: decode(signature)?,
        })
    }

    /// The same as two JSON objects.
    ///
    /// # Errors
    /// [`Unauthorized::TokenMalformed`]
    pub(crate) fn read(self) -> Result<Unverified<'t>, Unauthorized> {
        Ok(Unverified {
            header: Claims::parse(self.header).ok_or(Unauthorized::TokenMalformed)?,
            claims: Claims::parse(self.claims).ok_or(Unauthorized::TokenMalformed)?,
            message: self.message,
            signature: self.signature,
        })
    }
}

impl Unverified<'_> {
    /// The algorithm that the token names. It is the issuer's to allow, never the token's to choose (RFC 8725,
    /// section 3.1).
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::by_name(&self.header.string("alg")?)
    }

    /// The key's id, an opaque string.
    ///
    /// # Errors
    /// [`Unauthorized::TokenMalformed`] if there is none, or if the token has extensions that must be understood
    /// (`crit`, RFC 7515, section 4.1.11): none is.
    pub(crate) fn kid(&self) -> Result<String, Unauthorized> {
        if self.header.json("crit").is_some() {
            return Err(Unauthorized::TokenMalformed);
        }
        self.header.non_empty("kid").map(Into::into).ok_or(Unauthorized::TokenMalformed)
    }

    /// The issuer that the token names.
    pub(crate) fn issuer(&self) -> Option<std::borrow::Cow<'_, str>> {
        self.claims.string("iss")
    }

    /// The claims, if the signature is the key's.
    ///
    /// # Errors
    /// [`Unauthorized::SignatureInvalid`]
    pub(crate) fn verify(self, key: &VerifyingKey) -> Result<SignedClaims, Unauthorized> {
        if !key.has_signed(self.message, &self.signature) {
            return Err(Unauthorized::SignatureInvalid);
        }
        Ok(SignedClaims { claims: self.claims, header: self.header })
    }
}

impl SignedClaims {
    /// What the header says the token is. Media types have no case, and `application/` may be left out.
    pub(crate) fn token_type(&self) -> TokenType {
        if self.header.json("typ").is_none() {
            return TokenType::Absent;
        }
        let name = self.header.string("typ").map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        match name.strip_prefix("application/").unwrap_or(&name) {
            "jwt" => TokenType::Jwt,
            "at+jwt" => TokenType::AccessToken,
            _ => TokenType::Other,
        }
    }
}

impl std::ops::Deref for SignedClaims {
    type Target = Claims;

    fn deref(&self) -> &Claims {
        &self.claims
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(json: &str) -> String {
        URL_SAFE_NO_PAD.encode(json)
    }

    fn read(token: &str) -> Result<Unverified<'_>, Unauthorized> {
        Decoded::parse(token)?.read()
    }

    fn with_header(header: &str) -> String {
        format!("{}.{}.AA", encode(header), encode("{}"))
    }

    #[test]
    fn a_token_is_three_segments_of_strict_base64url() {
        let valid = with_header("{}");
        assert!(read(&valid).is_ok());
        let (header, rest) = valid.split_once('.').unwrap();
        for token in [
            String::new(),
            "a".to_owned(),
            header.to_owned(),
            format!("{header}.{header}"),
            format!("{valid}.AA"),
            format!("{valid}."),
            format!("{valid}="),
            format!(" {valid}"),
            format!("{header}=.{rest}"),
            // Trailing bits that no encoder writes: a second spelling.
            valid.replace(".AA", ".AB"),
            valid.replace(".AA", ".A+"),
            valid.replace(".AA", ".A"),
        ] {
            assert!(matches!(Decoded::parse(&token), Err(Unauthorized::TokenMalformed)), "{token}");
        }
    }

    #[test]
    fn both_parts_are_json_objects_without_a_repeated_name() {
        for json in ["", "[]", "null", "1", "{", "{\"a\":1,\"a\":2}"] {
            for token in [with_header(json), format!("{}.{}.AA", encode("{}"), encode(json))] {
                assert!(matches!(read(&token), Err(Unauthorized::TokenMalformed)), "{json}");
            }
        }
    }

    #[test]
    fn the_algorithm_is_one_that_is_known() {
        let algorithm = |header: &str| read(&with_header(header)).unwrap().algorithm();
        for known in Algorithm::ALL {
            assert_eq!(algorithm(&format!(r#"{{"alg":"{}"}}"#, known.name())), Some(known));
        }
        assert_eq!(algorithm(r#"{"alg":"Ed25519"}"#), Some(Algorithm::EdDsa));
        for header in [
            r#"{"alg":"ES256K"}"#,
            r#"{"alg":"ES512"}"#,
            r#"{"alg":"Ed448"}"#,
            r#"{"alg":"eddsa"}"#,
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"rs256"}"#,
            r#"{"alg":["RS256"]}"#,
            "{}",
        ] {
            assert_eq!(algorithm(header), None, "{header}");
        }
    }

    #[test]
    fn a_type_is_a_media_type_in_any_case() {
        let token_type = |header: &str| {
            let [header, claims] = [header, "{}"].map(|json| Claims::parse(json.as_bytes().to_vec()).unwrap());
            SignedClaims { claims, header }.token_type()
        };
        for (header, expected) in [
            ("{}", TokenType::Absent),
            (r#"{"typ":"JWT"}"#, TokenType::Jwt),
            (r#"{"typ":"jwt"}"#, TokenType::Jwt),
            (r#"{"typ":"application/JWT"}"#, TokenType::Jwt),
            (r#"{"typ":"at+jwt"}"#, TokenType::AccessToken),
            (r#"{"typ":"Application/AT+JWT"}"#, TokenType::AccessToken),
            (r#"{"typ":"text/at+jwt"}"#, TokenType::Other),
            (r#"{"typ":"dpop+jwt"}"#, TokenType::Other),
            (r#"{"typ":""}"#, TokenType::Other),
            (r#"{"typ":null}"#, TokenType::Other),
            (r#"{"typ":["JWT"]}"#, TokenType::Other),
        ] {
            assert_eq!(token_type(header), expected, "{header}");
        }
    }

    #[test]
    fn a_kid_is_a_non_empty_string_and_no_extension_is_critical() {
        let kid = |header: &str| read(&with_header(header)).unwrap().kid();
        assert_eq!(kid(r#"{"kid":"a+/="}"#).as_deref(), Ok("a+/="));
        for header in ["{}", r#"{"kid":""}"#, r#"{"kid":1}"#, r#"{"kid":null}"#, r#"{"kid":"a","crit":["exp"]}"#] {
            assert_eq!(kid(header), Err(Unauthorized::TokenMalformed), "{header}");
        }
    }
}
