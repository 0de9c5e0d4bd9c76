//! What every container answers to HELP: a line per subcommand and, indented, a word on each.

use super::args::Args;
use super::command::CommandResult;
use super::context::Ctx;
use super::error::{CommandError, REPEATED_BYTES_MAX, shortened};

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

/// The error of a subcommand that was given other arguments than it takes.
pub fn wrong_subcommand_arguments(args: &Args<'_>) -> CommandError {
    CommandError::SubcommandArguments {
        name: shortened(args.at(1), REPEATED_BYTES_MAX),
        container: String::from_utf8_lossy(args.at(0)).to_uppercase(),
    }
}
