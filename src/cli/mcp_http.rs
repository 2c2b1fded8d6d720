//! `rulemark mcp --http`: what the options mean.

use super::{
    args::McpHttpArgs,
    context::Context,
    error::{CommandError, CommandResult, Exit},
};
use crate::mcp::{
    self, Server,
    http::{HttpError, HttpOptions, Token, parse_address},
};
use std::{env, fs, path::Path, time::Duration};

/// Holds the token where no file is named.
const TOKEN: &str = "RULEMARK_MCP_TOKEN";

const TOKEN_HINT: &str = "put one into a file that only you can read (`openssl rand -hex 32`) and name it with --token-file, or set \
     RULEMARK_MCP_TOKEN; listen at 127.0.0.1 if only this machine is to connect";

/// Serves at `address` until the process is asked to end.
pub(crate) fn run(
    context: &mut Context,
    server: &Server,
    address: &str,
    args: &McpHttpArgs,
) -> CommandResult {
    let mut options = HttpOptions::new(parse_address(address).map_err(|error| usage(&error))?);
    options.token = token(args.token_file.as_deref())?;
    options.hosts.clone_from(&args.allow_host);
    options.origins.clone_from(&args.allow_origin);
    options.limits.session_idle = Duration::from_secs(args.session_idle.into());
    if let Some(rate) = args.rate {
        (options.limits.rate, options.limits.burst) = (rate, rate.saturating_mul(10));
    }
    let terminal = &mut context.terminal;
    let mut told = Ok(());
    let ready = |url: &str| told = terminal.line(url.to_owned()).and_then(|()| terminal.flush());
    mcp::serve_http(server, options, ready).map_err(refused)?;
    told?;
    Ok(Exit::Ok)
}

fn token(file: Option<&Path>) -> Result<Option<Token>, CommandError> {
    let (text, place) = match file {
        Some(file) => {
            let unreadable =
                |error| CommandError::refused(format!("can't read {}", file.display())).because(error);
            (fs::read_to_string(file).map_err(unreadable)?, file.display().to_string())
        }
        None => match env::var_os(TOKEN).filter(|token| !token.is_empty()) {
            Some(token) => (token.to_string_lossy().into_owned(), TOKEN.to_owned()),
            None => return Ok(None),
        },
    };
    let bad = |error| CommandError::refused(format!("the token in {place} can't be used")).because(error);
    Token::new(&text).map(Some).map_err(bad)
}

fn usage(error: &HttpError) -> CommandError {
    CommandError::usage(error.to_string())
}

fn refused(error: HttpError) -> CommandError {
    match error {
        HttpError::NoToken(_) => CommandError::refused(error.to_string()).with_hint(TOKEN_HINT),
        HttpError::Listen(address, cause) => {
            CommandError::refused(format!("can't listen at {address}")).because(cause)
        }
        error @ HttpError::Address(_) => usage(&error),
    }
}
