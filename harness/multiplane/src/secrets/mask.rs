//! Secrets by their form.

/// Text without what may be a token, a key or a certificate: nobody knows what a program prints, and journals hold no secrets.
pub(crate) fn masked(output: &str) -> String {
    const LONG: usize = 64;
    let secret = |c: char| c.is_ascii_alphanumeric() || "+/=_-.".contains(c);
    let mut masked = String::with_capacity(output.len());
    let mut rest = output;
    while let Some(start) = rest.find(secret) {
        let run = &rest[start..];
        let end = run.find(|c| !secret(c)).unwrap_or(run.len());
        masked.push_str(&rest[..start]);
        if end >= LONG {
            masked += &format!("({end} characters)");
        } else {
            masked.push_str(&run[..end]);
        }
        rest = &run[end..];
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_masked_and_words_are_not() {
        let token = format!("eyJhbGciOiJFUzI1NiJ9.{}.c2lnbmF0dXJl", "x".repeat(60));
        assert_eq!(
            masked(&format!(
                "token: {token}\npods \"training-fast\" not found in namespace team1-production\n"
            )),
            format!(
                "token: ({} characters)\npods \"training-fast\" not found in namespace team1-production\n",
                token.len()
            )
        );
    }
}
