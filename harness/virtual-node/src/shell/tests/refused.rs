//! What is refused before anything runs.

use super::bench::Bench;

#[tokio::test(start_paused = true)]
async fn what_this_shell_does_not_know_is_refused_by_name() {
    for (script, named) in [
        ("[[ a = b ]]", "[["),
        ("function f { :; }", "function"),
        ("a=(1 2)", "a=("),
        ("a+=x", "a+="),
        ("a[0]=x", "a[0]="),
        ("(( i++ ))", "(("),
        ("for ((i=0;i<3;i++)); do :; done", "for (("),
        ("cat <<< text", "<<<"),
        ("cat <(echo a)", "<("),
        ("a |& b", "|&"),
        ("echo 3>f", "3>"),
        ("echo >&3", ">&3"),
        ("echo >&$fd", ">& with a variable"),
        ("echo ${a:1:2}", "${a:1"),
        ("echo ${a/b/c}", "${a/"),
        ("echo ${!a}", "${!a"),
        ("echo ${a^^}", "${a^"),
        ("echo ${a[0]}", "${a["),
        ("echo $'a'", "$'"),
        ("echo $[1+1]", "$["),
        ("cd ~", "~"),
        ("select a in b; do :; done", "select"),
        ("time ls", "time"),
        ("cat <<$x\n$x\n", "<< with a variable"),
    ] {
        let script = format!("echo ran\n{script}");
        let (code, stdout, stderr) = Bench::new().run(&["sh", "-c", &script]).await;
        assert_eq!((code, stdout.as_str()), (2, ""), "{script}");
        assert_eq!(stderr, format!("sh: {named}: not supported by this shell\n"), "{script}");
    }
    let (_, _, stderr) = Bench::new().run(&["bash", "-c", "echo ran; echo {1..3}"]).await;
    assert_eq!(stderr, "bash: {...} as a list of words: not supported by this shell\n");
}

#[tokio::test(start_paused = true)]
async fn what_no_shell_takes_is_a_syntax_error() {
    for (script, why) in [
        ("if true; then", "unterminated command"),
        ("echo 'a", "unterminated quoted string"),
        ("echo $(a", "unterminated command"),
        ("echo ${a", "unterminated ${"),
        ("a &&", "unterminated command"),
        ("a || | b", "unexpected |"),
        ("a; ; b", "unexpected ;"),
        ("fi", "unexpected fi"),
        ("a )", "unexpected )"),
        ("for 1 in a; do :; done", "unexpected 1"),
        ("cat <<EOF\nx", "unterminated here-document"),
        ("while true; done", "unexpected done"),
        ("echo >", "unexpected redirection"),
    ] {
        let (code, stdout, stderr) = Bench::new().run(&["sh", "-c", &format!("echo ran\n{script}")]).await;
        assert_eq!(
            (code, stdout.as_str(), stderr),
            (2, "", format!("sh: syntax error: {why}\n")),
            "{script}"
        );
    }
}

/// Nothing that a script does may end this process.
#[tokio::test(start_paused = true)]
async fn what_is_too_deep_is_refused() {
    let deep = |open: &str, close: &str| format!("{}:{}", open.repeat(500), close.repeat(500));
    for script in [
        deep("{ ", "; }"),
        deep("$(", ")"),
        deep("if :; then ", "; fi"),
        format!("echo $(({}1))", "(".repeat(5000)),
        "f() { f; }; f".to_owned(),
    ] {
        let (code, _, stderr) = Bench::new().run(&["sh", "-c", &script]).await;
        assert!(code == 2 && !stderr.is_empty(), "{code} {stderr}");
    }
}

#[tokio::test(start_paused = true)]
async fn endless_loops_let_time_go_on() {
    let bench = Bench::new();
    let (code, stdout, _) = bench
        .run(&[
            "sh",
            "-c",
            "end=$(($(date +%s) + 3600)); while [ $(date +%s) -lt $end ]; do :; done; echo over",
        ])
        .await;
    assert_eq!((code, stdout.as_str()), (0, "over\n"));
    let endless = bench.run(&["sh", "-c", "while true; do :; done"]);
    assert!(tokio::time::timeout(std::time::Duration::from_secs(3600), endless).await.is_err());
}
