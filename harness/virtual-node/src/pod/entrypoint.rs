//! What images start that are no more than a small userland.

/// By the last part of an image's name: what it starts without a command. None of them has an entry point. As the Dockerfiles of Docker's
/// official images have it (`CMD`), in the repositories that <https://hub.docker.com/_/NAME> names.
const USERLANDS: [(&str, &str); 8] = [
    ("busybox", "sh"),
    ("alpine", "/bin/sh"),
    ("debian", "bash"),
    ("ubuntu", "/bin/bash"),
    ("centos", "/bin/bash"),
    ("fedora", "/bin/bash"),
    ("rockylinux", "/bin/bash"),
    ("amazonlinux", "/bin/bash"),
];
/// Its entry point puts `curl` before arguments that are no command of their own:
/// <https://github.com/curl/curl-container/blob/main/etc/entrypoint.sh>.
const CURL: &str = "curlimages/curl";

/// The command line that a container starts; `None` if only its image knows.
pub(super) fn words(image: &str, command: &[String], args: &[String]) -> Option<Vec<String>> {
    if !command.is_empty() {
        return Some(command.iter().chain(args).cloned().collect());
    }
    let repository = image.split_once('@').map_or(image, |(repository, _)| repository);
    let repository = match repository.rsplit_once(':') {
        // What follows is a port, not a tag.
        Some((before, tag)) if !tag.contains('/') => before,
        _ => repository,
    };
    if repository == CURL || repository.ends_with(&format!("/{CURL}")) {
        let curl = args.first().is_none_or(|first| crate::shell::tools::find(first).is_none());
        return Some(curl.then(|| "curl".to_owned()).into_iter().chain(args.iter().cloned()).collect());
    }
    let name = repository.rsplit('/').next().unwrap_or(repository);
    let (_, default) = USERLANDS.iter().find(|(known, _)| *known == name)?;
    Some(if args.is_empty() {
        vec![(*default).to_owned()]
    } else {
        args.to_vec()
    })
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn commands_come_before_what_images_start() {
        for (image, command, args, expected) in [
            ("busybox", "", "", Some("sh")),
            ("docker.io/library/busybox:1.36@sha256:00", "", "sh -c x", Some("sh -c x")),
            ("localhost:5000/ubuntu", "", "", Some("/bin/bash")),
            ("nginx", "", "", None),
            ("nginx", "", "-g x", None),
            ("nginx", "sh -c", "x", Some("sh -c x")),
            ("curlimages/curl:8", "", "-s http://a", Some("curl -s http://a")),
            ("quay.io/curlimages/curl", "", "sleep 1", Some("sleep 1")),
            ("mybusybox", "", "sh", None),
        ] {
            let split = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            let found = words(image, &split(command), &split(args)).map(|words| words.join(" "));
            assert_eq!(found.as_deref(), expected, "{image} {command} {args}");
        }
    }
}
