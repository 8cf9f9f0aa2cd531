//! The ARN of the method that is asked for, taken apart, and printed as the resource of a policy.
//!
//! `arn:{partition}:execute-api:{region}:{account}:{api}/{stage}/{method}/{path}`, see
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html>.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::{Fault, Forbidden};

/// The longest resource that is put into a policy as it came: the longest that IAM is known to take.
const MAX_RESOURCE_LENGTH: usize = 512;

/// An `execute-api` ARN whose parts up to the stage are known, and name exactly one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodArn<'a> {
    whole: Cow<'a, str>,
    api: Range<usize>,
    stage: Range<usize>,
}

impl<'a> MethodArn<'a> {
    /// Takes an ARN apart.
    ///
    /// # Errors
    /// [`Fault::EventUnsupported`] if it is not an `execute-api` ARN with a partition, a region, an account, an
    /// API and a stage, or if one of these holds something that a policy would read as a pattern (`*`, `?`) or
    /// as a variable (`${`): the policy must never cover more than one stage.
    pub fn parse(arn: impl Into<Cow<'a, str>>) -> Result<Self, Fault> {
        let whole = arn.into();
        let (api, stage) = api_and_stage(&whole).ok_or(Fault::EventUnsupported)?;
        Ok(Self { whole, api, stage })
    }

    /// The id of the API.
    #[must_use]
    pub fn api(&self) -> &str {
        self.whole.get(self.api.clone()).unwrap_or_default()
    }

    /// The name of the stage.
    #[must_use]
    pub fn stage(&self) -> &str {
        self.whole.get(self.stage.clone()).unwrap_or_default()
    }

    /// The resource that covers every method of the stage, and nothing else.
    ///
    /// API Gateway caches a policy by the credential alone and applies it to the next method too.
    #[must_use]
    pub fn stage_resource(&self) -> String {
        self.resource("*")
    }

    /// The resource of a pattern below the stage.
    #[must_use]
    pub fn resource(&self, pattern: &str) -> String {
        let stage = self.whole.get(..self.stage.end).unwrap_or_default();
        let mut resource = String::with_capacity(stage.len() + 1 + pattern.len());
        resource.push_str(stage);
        resource.push('/');
        resource.push_str(pattern);
        resource
    }

    /// What is behind the stage: `GET/pets/42`.
    #[must_use]
    pub fn below_stage(&self) -> &str {
        self.whole.get(self.stage.end..).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default()
    }

    /// The method, and the path without its first slash.
    #[must_use]
    pub fn method_and_path(&self) -> Option<(&str, &str)> {
        self.below_stage().split_once('/')
    }

    /// The incoming ARN itself as a resource.
    ///
    /// # Errors
    /// [`Forbidden::ResourceUnsafe`] if the path, which the caller chooses, would be read as a pattern or a
    /// policy variable, or if the ARN is longer than 512 characters.
    pub fn method_resource(&self) -> Result<String, Forbidden> {
        if is_pattern(&self.whole) || self.whole.chars().count() > MAX_RESOURCE_LENGTH {
            return Err(Forbidden::ResourceUnsafe);
        }
        Ok(self.whole.clone().into_owned())
    }
}

/// Where the API and the stage are, if this is an ARN of a method and none of its parts is a pattern.
fn api_and_stage(arn: &str) -> Option<(Range<usize>, Range<usize>)> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let (scheme, partition, service) = (next()?, next()?, next()?);
    let (region, account, resource) = (next()?, next()?, next()?);
    let mut segments = resource.splitn(3, '/');
    let mut next = || segments.next().filter(|part| !part.is_empty());
    let (api, stage) = (next()?, next()?);
    if scheme != "arn"
        || service != "execute-api"
        || [partition, region, account, api, stage].into_iter().any(is_pattern)
    {
        return None;
    }
    let api_start = arn.len() - resource.len();
    let api_end = api_start + api.len();
    let stage_start = api_end + 1;
    Some((api_start..api_end, stage_start..stage_start + stage.len()))
}

/// Whether IAM would read more into this text than the text itself.
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>.
fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?']) || text.contains("${")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/pets/42";

    #[test]
    fn takes_apart_and_prints() {
        let arn = MethodArn::parse(ARN).unwrap();
        assert_eq!((arn.api(), arn.stage()), ("abcdef1234", "prod"));
        assert_eq!(arn.stage_resource(), "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/*");
        assert_eq!(arn.method_resource().as_deref(), Ok(ARN));
    }

    #[test]
    fn odd_but_real_arns() {
        for (arn, stage) in [
            ("arn:aws:execute-api:us-east-1:123456789012:abcdef123/$default/GET/", "$default"),
            ("arn:aws-cn:execute-api:cn-north-1:123456789012:abcdef123/prod/$connect", "prod"),
            ("arn:aws:execute-api:us-east-1:123456789012:abcdef123/ESTestInvoke-stage/GET/", "ESTestInvoke-stage"),
            ("arn:aws:execute-api:us-east-1:123456789012:abcdef123/test-invoke-stage", "test-invoke-stage"),
            ("arn:aws:execute-api:us-east-1:123456789012:abcdef123/prod/GET/a:b/c//d", "prod"),
        ] {
            let parsed = MethodArn::parse(arn).unwrap();
            assert_eq!(parsed.stage(), stage, "{arn}");
            assert!(arn.starts_with(parsed.stage_resource().trim_end_matches("/*")), "{arn}");
            assert!(parsed.stage_resource().ends_with(&format!("{stage}/*")), "{arn}");
        }
    }

    #[test]
    fn refuses_what_is_no_method_arn() {
        for arn in [
            "",
            "arn",
            "arn:aws:execute-api:eu-west-1:123456789012",
            "arn:aws:execute-api:eu-west-1:123456789012:",
            "arn:aws:execute-api:eu-west-1:123456789012:api",
            "arn:aws:execute-api:eu-west-1:123456789012:api/",
            "arn:aws:execute-api:eu-west-1:123456789012:/prod/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:api//GET/",
            "arn::execute-api:eu-west-1:123456789012:api/prod/GET/",
            "arn:aws:execute-api::123456789012:api/prod/GET/",
            "arn:aws:execute-api:eu-west-1::api/prod/GET/",
            "arn:aws:lambda:eu-west-1:123456789012:api/prod/GET/",
            "urn:aws:execute-api:eu-west-1:123456789012:api/prod/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:api/*/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:*/prod/GET/",
            "arn:aws:execute-api:*:123456789012:api/prod/GET/",
            "arn:aws:execute-api:eu-west-1:?:api/prod/GET/",
            "arn:aws:execute-api:eu-west-1:123456789012:api/${aws:username}/GET/",
        ] {
            assert_eq!(MethodArn::parse(arn), Err(Fault::EventUnsupported), "{arn}");
        }
    }

    #[test]
    fn a_method_resource_names_one_method() {
        let with_path = |path: &str| format!("arn:aws:execute-api:eu-west-1:123456789012:api/prod/GET/{path}");
        for path in ["*", "pets/?", "${aws:userid}", &"x".repeat(MAX_RESOURCE_LENGTH)] {
            let arn = with_path(path);
            let arn = MethodArn::parse(&arn).unwrap();
            assert_eq!(arn.method_resource(), Err(Forbidden::ResourceUnsafe), "{path}");
            assert_eq!(arn.stage_resource(), "arn:aws:execute-api:eu-west-1:123456789012:api/prod/*");
        }
        let prefix = with_path("").len();
        for (length, fits) in [(MAX_RESOURCE_LENGTH, true), (MAX_RESOURCE_LENGTH + 1, false)] {
            let arn = with_path(&"x".repeat(length - prefix));
            assert_eq!(MethodArn::parse(&arn).unwrap().method_resource().is_ok(), fits, "{length}");
        }
    }
}
