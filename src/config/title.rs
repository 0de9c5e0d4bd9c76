//! `proc-title-template` made a title. What templates are valid is checked where kinds of directives are.

use super::settings::Process;

impl Process {
    /// The template with each variable replaced by what `value_of` says of its name; `{{` is a brace.
    pub fn title(&self, value_of: impl Fn(&str) -> String) -> String {
        let mut title = String::new();
        let mut rest = self.proc_title_template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            title.push_str(before);
            if let Some(after) = after.strip_prefix('{') {
                title.push('{');
                rest = after;
                continue;
            }
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            title.push_str(&value_of(name));
            rest = after;
        }
        title.push_str(rest);
        title.trim_matches(' ').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_and_a_double_brace_is_one() {
        let process = Process { proc_title_template: " {{{port}} {a}{b} ".to_owned(), ..Process::default() };
        let title = process.title(|name| format!("<{name}>"));
        assert_eq!(title, "{<port>} <a><b>");
    }
}
