//! What `set` switches on and off.

/// A shell's options.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// `-e`: a failure that nobody looks at ends the script.
    pub(crate) errexit: bool,
    /// `-u`: a variable that is not set is an error.
    pub(crate) nounset: bool,
    /// `-x`: commands are shown before they run.
    pub(crate) xtrace: bool,
    /// `-f`: patterns are no paths.
    pub(crate) noglob: bool,
    /// `-o pipefail`: a pipeline fails with any of its commands.
    pub(crate) pipefail: bool,
}

impl Options {
    /// Switches an option by its letter; false if it is not known.
    pub(crate) fn letter(&mut self, letter: char, on: bool) -> bool {
        let option = match letter {
            'e' => &mut self.errexit,
            'u' => &mut self.nounset,
            'x' => &mut self.xtrace,
            'f' => &mut self.noglob,
            _ => return false,
        };
        *option = on;
        true
    }

    /// Switches an option by its name; false if it is not known.
    pub(crate) fn name(&mut self, name: &str, on: bool) -> bool {
        let letter = match name {
            "errexit" => 'e',
            "nounset" => 'u',
            "xtrace" => 'x',
            "noglob" => 'f',
            "pipefail" => {
                self.pipefail = on;
                return true;
            }
            _ => return false,
        };
        self.letter(letter, on)
    }

    /// `$-`
    pub(crate) fn letters(self) -> String {
        let all = [('e', self.errexit), ('f', self.noglob), ('u', self.nounset), ('x', self.xtrace)];
        all.into_iter().filter_map(|(letter, on)| on.then_some(letter)).collect()
    }
}
