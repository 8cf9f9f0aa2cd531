//! The program itself: by which name it was called, its completions and its manual.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_complete::Shell;
use smac_local::command::{About as _, Problem, print};

/// The name of the installed program.
const INSTALLED: &str = "smac-local";

/// What users type in a clone, where an alias of cargo runs it.
const IN_A_CLONE: &str = "cargo local";

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  smac-local completions bash > ~/.local/share/bash-completion/completions/smac-local
  smac-local completions zsh > ~/.zfunc/_smac-local
  smac-local completions fish > ~/.config/fish/completions/smac-local.fish

The scripts complete the installed program, smac-local.")]
pub(crate) struct Completions {
    /// Shell that is to complete the commands
    shell: Shell,
}

/// Print the manual page, or write the pages of all commands
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  smac-local man | man -l -
  smac-local man --directory ~/.local/share/man/man1")]
pub(crate) struct Manual {
    /// Folder for the pages, one for each command
    #[arg(long, value_name = "FOLDER")]
    directory: Option<PathBuf>,
}

impl Completions {
    pub(crate) fn run(&self, mut command: Command) -> Result<ExitCode, Problem> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, INSTALLED, &mut script);
        print(String::from_utf8_lossy(&script).trim_end())
    }
}

impl Manual {
    pub(crate) fn run(&self, command: Command) -> Result<ExitCode, Problem> {
        if let Some(folder) = &self.directory {
            std::fs::create_dir_all(folder)
                .and_then(|()| clap_mangen::generate_to(command, folder))
                .about(folder.display())?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).about("the manual page")?;
        print(String::from_utf8_lossy(&page).trim_end())
    }
}

/// The command line, with examples that can be copied: by the name by which the program was called.
pub(crate) fn command<P: CommandFactory>() -> Command {
    let name = if is_in_a_clone() { IN_A_CLONE } else { INSTALLED };
    renamed(P::command(), name).bin_name(name)
}

/// The same by the name of the installed program.
pub(crate) fn installed<P: CommandFactory>() -> Command {
    renamed(P::command(), INSTALLED)
}

/// Whether cargo runs it, as its alias does.
fn is_in_a_clone() -> bool {
    std::env::var_os("CARGO_PKG_NAME").is_some_and(|package| package == env!("CARGO_PKG_NAME"))
}

fn renamed(command: Command, name: &str) -> Command {
    let examples = command.get_after_help().map(|help| help.to_string().replace(IN_A_CLONE, name));
    let command = command.mut_subcommands(|command| renamed(command, name));
    match examples {
        Some(examples) => command.after_help(examples),
        None => command,
    }
}
