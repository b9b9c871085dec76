//! What GitHub Actions makes of lines: groups that fold, and annotations at the place in a file.
//!
//! Form of workflow commands: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

/// A group with a title, which is shown folded.
pub(super) fn group(title: &str, text: &str) -> String {
    format!("::group::{}\n{text}::endgroup::\n", data(title))
}

/// An error at a line of a file; a warning, if it does not fail the run.
pub(super) fn annotation(fails: bool, file: &str, line: usize, title: &str, message: &str) -> String {
    let command = if fails { "error" } else { "warning" };
    format!(
        "::{command} file={},line={line},title={}::{}\n",
        property(file),
        property(title),
        data(message)
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_written_otherwise() {
        assert_eq!(
            annotation(true, "a,b.yaml", 3, "x: 100%", "one\ntwo: 5%"),
            "::error file=a%2Cb.yaml,line=3,title=x%3A 100%25::one%0Atwo: 5%25\n"
        );
        assert_eq!(group("a\nb", "text\n"), "::group::a%0Ab\ntext\n::endgroup::\n");
    }
}
