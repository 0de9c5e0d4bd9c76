//! What every container answers to HELP: a line per subcommand and, indented, a word on each.

use super::args::Args;
use super::command::CommandResult;
use super::context::Ctx;
use super::error::CommandError;

/// How much of a subcommand's name an error repeats.
const NAME_BYTES_MAX: usize = 128;

/// A subcommand's syntax, and what it does; line breaks in the text begin new lines of the reply.
pub type Entry = (&'static str, &'static str);

/// Answers `name HELP`. The line on HELP itself is added here.
pub fn help(ctx: &mut Ctx<'_>, name: &str, entries: &[Entry]) -> CommandResult {
    let own = [("HELP", "Print this help.")];
    let entries = || entries.iter().chain(&own);
    let lines = 1 + entries().map(|(_, text)| 1 + text.lines().count()).sum::<usize>();
    ctx.reply.array(lines);
    ctx.reply.status(&format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for (syntax, text) in entries() {
        ctx.reply.status(syntax);
        for line in text.lines() {
            ctx.reply.status(&format!("    {line}"));
        }
    }
    Ok(())
}

/// The error of a subcommand that exists but was given other arguments than it takes.
pub fn wrong_subcommand_arguments(args: &Args<'_>) -> CommandError {
    let name = args.at(1);
    CommandError::SubcommandArguments {
        name: String::from_utf8_lossy(&name[..name.len().min(NAME_BYTES_MAX)]).into_owned(),
        container: String::from_utf8_lossy(args.at(0)).to_uppercase(),
    }
}
