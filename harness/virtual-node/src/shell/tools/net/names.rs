//! `nslookup`, `getent`: the cluster's names, as the pod's DNS has them.

use crate::pod::NAME_SERVER;
use crate::shell::tools::{Call, Ended, Failure};

/// `nslookup NAME [SERVER]`
pub(crate) async fn nslookup(call: Call<'_>) -> Ended {
    let given = call.flags("")?;
    let [name, ..] = given.operands.as_slice() else {
        return Err(Failure::Told("a name is needed".to_owned()));
    };
    call.line(format!("Server:\t\t{NAME_SERVER}\nAddress:\t{NAME_SERVER}:53\n")).await?;
    let Ok((full, addresses)) = call.context.host.addresses(name) else {
        call.line(format!("** server can't find {name}: NXDOMAIN\n")).await?;
        return Ok(1);
    };
    for address in addresses {
        call.line(format!("Name:\t{full}\nAddress: {address}")).await?;
    }
    call.line("").await?;
    Ok(0)
}

/// `getent hosts NAME...`
pub(crate) async fn getent(call: Call<'_>) -> Ended {
    let [database, names @ ..] = call.args else {
        return Err(Failure::Told("a database is needed".to_owned()));
    };
    if !matches!(database.as_str(), "hosts" | "ahosts" | "ahostsv4") {
        return Err(Failure::Told(format!("{database}: not supported here")));
    }
    let mut code = 0;
    for name in names {
        match call.context.host.addresses(name) {
            Ok((full, addresses)) => {
                for address in addresses {
                    call.line(format!("{address:<15} {full}")).await?;
                }
            }
            Err(_) => code = 2,
        }
    }
    Ok(code)
}
