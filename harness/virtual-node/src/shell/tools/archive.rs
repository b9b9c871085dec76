//! `tar`, as far as `kubectl cp` needs it.

use std::io::Read;

use bytes::Bytes;

use super::{Call, Ended, Failure};

/// `tar cf - PATH...` writes an archive to standard output, `tar xf - [-C FOLDER]` unpacks one from standard input.
///
/// Options that speak of owners, modes and times are taken, since files here have none.
pub(super) async fn tar(call: Call<'_>) -> Ended {
    let (mut letters, mut folder, mut operands) = (String::new(), call.path("."), Vec::new());
    let mut args = call.args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        match arg {
            "-C" | "--directory" => folder = call.path(args.next().unwrap_or_default()),
            "--no-same-permissions" | "--no-same-owner" | "--warning=no-unknown-keyword" => {}
            _ if letters.is_empty() => letters.push_str(arg.trim_start_matches('-')),
            other => operands.push(other),
        }
    }
    if let Some(unknown) = letters.chars().find(|letter| !"cxfmop".contains(*letter)) {
        return Err(Failure::Told(format!("unrecognized option: {unknown}")));
    }
    let archive = if letters.contains('f') {
        operands.first().copied()
    } else {
        Some("-")
    };
    if archive != Some("-") {
        return Err(Failure::Told("archives are read from and written to - only here".to_owned()));
    }
    operands.retain(|operand| *operand != "-");
    match (letters.contains('c'), letters.contains('x')) {
        (true, false) => {
            let packed = pack(&call, &folder, &operands)?;
            call.streams.stdout.write(packed).await?;
        }
        (false, true) => {
            let packed = call.streams.stdin.all().await;
            unpack(&call, &folder, &packed)?;
        }
        _ => return Err(Failure::Told("one of c and x is needed".to_owned())),
    }
    Ok(0)
}

fn pack(call: &Call<'_>, folder: &str, operands: &[&str]) -> Result<Bytes, Failure> {
    let files = &call.context.files;
    let now = u64::try_from(call.context.clock.now().as_second()).unwrap_or_default();
    let mut builder = ::tar::Builder::new(Vec::new());
    for operand in operands {
        let path = if operand.starts_with('/') {
            (*operand).to_owned()
        } else {
            format!("{}/{operand}", folder.trim_end_matches('/'))
        };
        let path = path.trim_end_matches('/');
        let found = match files.read(path) {
            Ok(_) => vec![path.to_owned()],
            Err(_) => files.below(&format!("{path}/")),
        };
        if found.is_empty() {
            return Err(Failure::Told(format!("{operand}: No such file or directory")));
        }
        for file in found {
            let content = files.read(&file)?;
            let mut header = ::tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_mtime(now);
            let relative = if operand.starts_with('/') {
                file.trim_start_matches('/')
            } else {
                file.strip_prefix(folder).unwrap_or(&file).trim_start_matches('/')
            };
            builder.append_data(&mut header, relative, content.as_ref())?;
        }
    }
    Ok(Bytes::from(builder.into_inner()?))
}

fn unpack(call: &Call<'_>, folder: &str, packed: &[u8]) -> Result<(), Failure> {
    let mut archive = ::tar::Archive::new(packed);
    for entry in archive.entries()? {
        let mut entry = entry?;
        // A folder is there as soon as there is a file in it.
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.to_string_lossy().into_owned();
        if path.split('/').any(|step| step == "..") {
            return Err(Failure::Told(format!("{path}: path contains '..'")));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content)?;
        call.context
            .files
            .write(&format!("{}/{path}", folder.trim_end_matches('/')), content)?;
    }
    Ok(())
}
