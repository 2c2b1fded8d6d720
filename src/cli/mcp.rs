//! `rulemark mcp`.

use super::{
    args::McpArgs,
    context::Context,
    error::{CommandError, CommandResult, Exit},
    mcp_http,
};
use crate::mcp::{self, Search, Server};

pub(crate) fn run(context: &mut Context, args: &McpArgs) -> CommandResult {
    // Over HTTP come clients from anywhere; on standard input and output it is the one that started this.
    let takes_roots = args.http.is_none();
    let search = Search {
        flag: context.named_folder().map(ToOwned::to_owned),
        environment: std::env::var_os(mcp::VARIABLE).filter(|name| !name.is_empty()).map(Into::into),
        working_directory: std::env::current_dir().ok(),
        takes_roots,
        now: context.now(),
    };
    let server = Server::new(search, args.tools.map(Into::into));
    if let Some(address) = &args.http {
        return mcp_http::run(context, &server, address, &args.http_options);
    }
    mcp::serve_stdio(&server).map_err(|error| CommandError::refused("can't serve").because(error))?;
    Ok(Exit::Ok)
}
