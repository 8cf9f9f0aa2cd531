//! AWS's own variables, as far as they matter here.

use std::path::{Path, PathBuf};

use url::Url;
use zeroize::Zeroizing;

use super::variables::Variables;
use crate::aws::Credentials;
use crate::http::{self, Proxy, Roots};

const ENDPOINT_URL: &str = "AWS_ENDPOINT_URL";
const ENDPOINT_URL_COGNITO: &str = "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER";
const ENDPOINT_URL_SECRETS: &str = "AWS_ENDPOINT_URL_SECRETS_MANAGER";
const REGION: &str = "AWS_REGION";
const CA_BUNDLE: &str = "AWS_CA_BUNDLE";
const TASK_ROOT: &str = "LAMBDA_TASK_ROOT";
const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";
/// Other clients read either case, and so does this one.
const HTTPS_PROXY: [&str; 2] = ["https_proxy", "HTTPS_PROXY"];
const NO_PROXY: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Gives the content of a file.
pub(super) type ReadFile<'a> = &'a dyn Fn(&Path) -> std::io::Result<String>;

/// AWS's own variables, and those that every HTTP client knows.
pub(super) struct Aws<'a> {
    pub(super) region: Option<String>,
    pub(super) cognito_endpoint: Option<Url>,
    pub(super) secrets_endpoint: Option<Url>,
    #[cfg_attr(not(feature = "secrets-manager"), expect(dead_code, reason = "only Secrets Manager needs them"))]
    pub(super) credentials: Option<Credentials>,
    pub(super) function_name: Option<String>,
    pub(super) roots: Option<Roots>,
    pub(super) proxy: Option<Proxy>,
    task_root: Option<String>,
    read_file: ReadFile<'a>,
}

impl<'a> Aws<'a> {
    pub(super) fn read(variables: &mut Variables, read_file: ReadFile<'a>) -> Self {
        let [general, cognito, secrets] =
            [ENDPOINT_URL, ENDPOINT_URL_COGNITO, ENDPOINT_URL_SECRETS].map(|name| read_endpoint(variables, name));
        Self {
            region: variables.others(REGION),
            cognito_endpoint: cognito.or_else(|| general.clone()),
            secrets_endpoint: secrets.or(general),
            credentials: read_credentials(variables),
            function_name: variables.others(FUNCTION_NAME),
            roots: read_roots(variables, read_file),
            proxy: read_proxy(variables),
            task_root: variables.others(TASK_ROOT),
            read_file,
        }
    }

    /// A file's content; a relative path is one in the function's package.
    pub(super) fn read_file(&self, path: &str) -> std::io::Result<String> {
        let root = self.task_root.as_deref().map_or_else(PathBuf::new, PathBuf::from);
        (self.read_file)(&root.join(path))
    }

    /// A file's content, or those of the files in a directory whose names end so, sorted by name; each with its name.
    #[cfg(feature = "rules")]
    pub(super) fn read_files(&self, path: &str, ending: &str) -> std::io::Result<Vec<(String, String)>> {
        let path = self.task_root.as_deref().map_or_else(PathBuf::new, PathBuf::from).join(path);
        let named = |path: PathBuf| {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            (self.read_file)(&path).map(|text| (name, text))
        };
        match named(path.clone()) {
            Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => {}
            file => return Ok(vec![file?]),
        }
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(path)? {
            paths.push(entry?.path());
        }
        paths.retain(|path| path.to_string_lossy().ends_with(ending));
        paths.sort();
        paths.into_iter().map(named).collect()
    }

    /// Whether requests to this address may go unencrypted: on this machine, or where an operator says so.
    pub(super) fn allows_plain_http(&self, url: &Url) -> bool {
        http::is_loopback(url)
            || [&self.cognito_endpoint, &self.secrets_endpoint]
                .into_iter()
                .flatten()
                .any(|endpoint| endpoint.scheme() == "http" && endpoint.origin() == url.origin())
    }
}

fn read_endpoint(variables: &mut Variables, name: &str) -> Option<Url> {
    let url = variables.others_url(name)?;
    if url.scheme() == "http" && !http::is_loopback(&url) {
        variables.others_warning(name, "keys, tokens and secrets go unencrypted over the network");
    }
    Some(url)
}

fn read_credentials(variables: &mut Variables) -> Option<Credentials> {
    Some(Credentials {
        access_key_id: variables.others("AWS_ACCESS_KEY_ID")?,
        secret_access_key: Zeroizing::new(variables.others("AWS_SECRET_ACCESS_KEY")?),
        session_token: variables.others("AWS_SESSION_TOKEN").map(Zeroizing::new),
    })
}

fn read_roots(variables: &mut Variables, read_file: ReadFile<'_>) -> Option<Roots> {
    let path = variables.others(CA_BUNDLE)?;
    match read_file(Path::new(&path)).map(|pem| Roots::parse(pem.as_bytes())) {
        Ok(Ok(roots)) => return Some(roots),
        Ok(Err(error)) => variables.others_mistake(CA_BUNDLE, error.to_string()),
        Err(error) => variables.others_mistake(CA_BUNDLE, format!("cannot be read ({})", error.kind())),
    }
    None
}

fn read_proxy(variables: &mut Variables) -> Option<Proxy> {
    let (name, value) = HTTPS_PROXY.into_iter().find_map(|name| Some((name, variables.others(name)?)))?;
    let exceptions = NO_PROXY.into_iter().find_map(|name| variables.others(name)).unwrap_or_default();
    // Other clients take a host alone for an http proxy.
    let url = if value.contains("://") { value } else { format!("http://{value}") };
    match Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some()) {
        Some(url) => Some(Proxy { url, exceptions }),
        None => {
            variables.others_mistake(name, "is not the address of an http or https proxy");
            None
        }
    }
}
