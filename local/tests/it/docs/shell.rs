//! The little of a shell, of curl and of `cargo local` that the documents' commands need.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Output, root, run};

const PATIENCE: Duration = Duration::from_secs(30);

/// The variables of a block, and the files of its document by the names that it gives them.
#[derive(Default)]
pub struct Shell {
    pub files: BTreeMap<String, String>,
    variables: BTreeMap<String, String>,
    pub gateway: Option<Gateway>,
}

impl Shell {
    /// What a command prints: `cargo local`, also with another `cargo local` before a `|`; `curl`; assignments.
    pub fn run(&mut self, command: &str) -> Result<Output, String> {
        let (command, redirection) = command.split_once(" > ").unwrap_or((command, ""));
        let mut output = self.pipeline(command)?;
        if !redirection.is_empty() {
            output.stdout = String::new();
        }
        Ok(output)
    }

    fn pipeline(&mut self, command: &str) -> Result<Output, String> {
        let (first, second) =
            command.split_once(" | ").map_or((None, command), |(first, second)| (Some(first), second));
        let stdin = first.map_or(Ok(String::new()), |first| self.simple(first, "").map(|output| output.stdout))?;
        self.simple(second, &stdin)
    }

    fn simple(&mut self, command: &str, stdin: &str) -> Result<Output, String> {
        let words = words(&self.expanded(command)?);
        let words: Vec<&str> = words.iter().map(|word| self.files.get(word).unwrap_or(word).as_str()).collect();
        let printed = |stdout: String| Output { code: 0, stdout, stderr: String::new() };
        match &*words {
            ["cargo", "local", arguments @ ..] | ["smac-local", arguments @ ..] => Ok(run(arguments, stdin)),
            ["curl", arguments @ ..] => self.curl(arguments).map(printed),
            assignments if assignments.iter().all(|word| word.contains('=')) => {
                let pairs = assignments.iter().filter_map(|word| word.split_once('='));
                self.variables.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
                Ok(printed(String::new()))
            }
            _ => Err("no test here can run this command".to_owned()),
        }
    }

    /// The command with what its variables and `$(cargo local ...)` stand for. Neither ever has a space in it.
    fn expanded(&mut self, command: &str) -> Result<String, String> {
        let mut command = command.to_owned();
        while let Some((before, rest)) = command.split_once("$(") {
            let (inner, behind) = rest.split_once(')').ok_or("`$(` without its end")?;
            command = format!("{before}{}{behind}", self.simple(inner, "")?.stdout.trim_end());
        }
        for (name, value) in &self.variables {
            command = command.replace(&format!("${name}"), value);
        }
        Ok(command)
    }

    /// The body of the answer to a request without one.
    fn curl(&self, arguments: &[&str]) -> Result<String, String> {
        let gateway = self.gateway.as_ref().ok_or("`curl` needs the mark `serve` before its block")?;
        let (mut method, mut headers) = ("GET", String::new());
        let mut address = None;
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match *argument {
                "-H" | "--header" => headers += &format!("{}\r\n", arguments.next().ok_or("no header")?),
                "-X" | "--request" => method = arguments.next().ok_or("no method")?,
                option if option.starts_with('-') => return Err(format!("no test knows curl's {option}")),
                other => address = Some(other.trim_start_matches("http://")),
            }
        }
        let address = address.ok_or("no address")?;
        let path = address.strip_prefix("localhost:3000").ok_or("not the address of the local gateway")?;
        gateway.ask(method, path, &headers)
    }
}

/// A running `cargo local serve`.
pub struct Gateway {
    process: Child,
    port: u16,
    /// What it has printed first, with its usual port.
    pub lines: Vec<String>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Gateway {
    pub fn start(options: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_smac-local"))
            .args(["serve", "--port", "0"])
            .args(words(options))
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = || {
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let lines = [line(), line()];
        let behind = lines[0].split("localhost:").nth(1).unwrap_or_else(|| panic!("no address: {}", lines[0]));
        let port: String = behind.chars().take_while(char::is_ascii_digit).collect();
        // Nobody reads what it prints about requests, so it must not wait for that.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let lines = lines.map(|line| line.replace(&format!("localhost:{port}"), "localhost:3000")).to_vec();
        Self { process, port: port.parse().unwrap(), lines }
    }

    fn ask(&self, method: &str, path: &str, headers: &str) -> Result<String, String> {
        let answer = || {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(PATIENCE))?;
            write!(stream, "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        let answer = answer().map_err(|error: std::io::Error| error.to_string())?;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).ok_or_else(|| "no answer".to_owned())
    }
}

/// A command's words, as a shell makes them of quotes and spaces.
pub fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in text.trim().chars() {
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (end, Some(begin)) if end == begin => quote = None,
            (' ', None) => words.push(String::new()),
            (other, _) => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn a_shell_in_small() {
    assert_eq!(words("a --b 'c \"d\" e'  f"), ["a", "--b", "c \"d\" e", "f"]);
    let mut shell = Shell::default();
    shell.files.insert("x.env".to_owned(), "/tmp/x.env".to_owned());
    shell.run("A=1 B=http://x").unwrap();
    assert_eq!(shell.expanded("curl $B/$A").unwrap(), "curl http://x/1");
    assert!(shell.run("curl http://localhost:3000/").is_err_and(|error| error.contains("the mark")));
    assert!(shell.run("conjure x").is_err());
    assert_eq!(shell.run("cargo local token > x").unwrap().stdout, "");
    let token = shell.run("cargo local token").unwrap().stdout;
    assert_eq!(shell.expanded("$(cargo local token)").unwrap().split('.').count(), token.split('.').count());
}
