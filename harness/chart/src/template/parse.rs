//! Template sources to trees, with Go's static checks.

use std::collections::BTreeSet;
use std::rc::Rc;

use gotmpl::TemplateError;
use gotmpl::parse::{BranchNode, Expr, ListNode, Node, Parser, PipeNode, is_empty_tree};

use super::fault::{FaultKind, Frame};
use super::{Fault, Result, comments};
use crate::functions;

/// One parsed template: a file or a `define`.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) name: String,
    pub(super) file: Rc<str>,
    pub(super) source: Rc<str>,
    pub(super) root: ListNode,
}

impl Tree {
    pub(super) fn is_empty(&self) -> bool {
        self.root.nodes.iter().all(is_empty_tree)
    }

    pub(super) fn frame(&self, offset: usize, line: usize, node: String) -> Frame {
        frame(&self.file, &self.name, &self.source, offset, line, node)
    }
}

fn frame(file: &str, executing: &str, source: &str, offset: usize, line: usize, node: String) -> Frame {
    let offset = offset.min(source.len());
    let start = source.as_bytes()[..offset].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    Frame {
        file: file.to_owned(),
        executing: executing.to_owned(),
        line,
        column: offset - start,
        node,
        excerpt: source.lines().nth(line.saturating_sub(1)).unwrap_or_default().to_owned(),
        preface: String::new(),
    }
}

/// The parser accepts an unclosed block and drops what follows a stray `end`.
/// Text put behind the source shows both: it must come out at the top level.
const SENTINEL: &str = "\u{1}end of template\u{1}";

/// Parses a file; the first tree is the file itself, the others its defines.
///
/// # Errors
/// Syntax errors, unknown functions and undeclared variables, with the line.
pub(super) fn parse(file: &str, name: &str, source: &str) -> Result<Vec<Tree>> {
    let fault = |line: usize, message: &str| {
        let mut fault = Fault::of(FaultKind::Parse, message);
        fault
            .frames
            .push(frame(file, name, source, offset_of(source, line), line, String::new()));
        fault
    };
    let line_of = |offset: usize| source[..offset].matches('\n').count() + 1;
    let rewritten = comments::rewritten(source).map_err(|at| fault(line_of(at), "unexpected \"/\" in command"))?;
    let guarded = format!("{rewritten}{SENTINEL}");
    let (mut root, defines) = Parser::new(&guarded, "{{", "}}")
        .and_then(Parser::parse)
        .map_err(|error| match error {
            TemplateError::Parse { line, message, .. } | TemplateError::Lex { line, message, .. } => fault(line, &message),
            other => fault(1, &other.to_string()),
        })?;
    close(&mut root).map_err(|message| fault(source.lines().count().max(1), message))?;

    let (file, source): (Rc<str>, Rc<str>) = (Rc::from(file), Rc::from(source));
    let mut trees = vec![Tree {
        name: name.to_owned(),
        file: Rc::clone(&file),
        source: Rc::clone(&source),
        root,
    }];
    trees.extend(defines.into_iter().map(|define| Tree {
        name: define.name.to_string(),
        file: Rc::clone(&file),
        source: Rc::clone(&source),
        root: define.body,
    }));
    for tree in &trees {
        let mut check = Check {
            scopes: vec![BTreeSet::from(["$".to_owned()])],
            loops: 0,
        };
        if let Err((line, message)) = check.list(&tree.root) {
            return Err(fault(line, &message));
        }
    }
    Ok(trees)
}

fn offset_of(source: &str, line: usize) -> usize {
    source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum()
}

fn close(root: &mut ListNode) -> std::result::Result<(), &'static str> {
    let Some(Node::Text(last)) = root.nodes.last_mut() else {
        return Err("unexpected EOF: a block is not closed, or there is one {{end}} too many");
    };
    match last.text.strip_suffix(SENTINEL) {
        Some(text) => {
            last.text = text.into();
            Ok(())
        }
        None => Err("unexpected EOF: a block is not closed, or there is one {{end}} too many"),
    }
}

type Checked = std::result::Result<(), (usize, String)>;

/// Looks for unknown functions and variables before anything runs, as Go does.
struct Check {
    scopes: Vec<BTreeSet<String>>,
    /// How many `range` blocks are open.
    loops: usize,
}

impl Check {
    fn list(&mut self, list: &ListNode) -> Checked {
        list.nodes.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &Node) -> Checked {
        match node {
            Node::Action(action) => self.pipe(&action.pipe),
            Node::If(branch) | Node::With(branch) => self.branch(branch, 0),
            Node::Range(branch) => self.branch(branch, 1),
            Node::Break(pos) if self.loops == 0 => Err((pos.line, "{{break}} outside {{range}}".into())),
            Node::Continue(pos) if self.loops == 0 => Err((pos.line, "{{continue}} outside {{range}}".into())),
            Node::Template(call) => call.pipe.as_ref().map_or(Ok(()), |pipe| self.pipe(pipe)),
            Node::List(list) => self.list(list),
            Node::Text(_) | Node::Define(_) | Node::Break(_) | Node::Continue(_) => Ok(()),
        }
    }

    fn branch(&mut self, branch: &BranchNode, loops: usize) -> Checked {
        self.scopes.push(BTreeSet::new());
        self.pipe(&branch.pipe)?;
        self.scopes.push(BTreeSet::new());
        self.loops += loops;
        self.list(&branch.body)?;
        self.loops -= loops;
        self.scopes.pop();
        if let Some(body) = &branch.else_body {
            self.scopes.push(BTreeSet::new());
            self.list(body)?;
            self.scopes.pop();
        }
        self.scopes.pop();
        Ok(())
    }

    fn pipe(&mut self, pipe: &PipeNode) -> Checked {
        for command in &pipe.commands {
            command.args.iter().try_for_each(|expr| self.expr(expr))?;
        }
        for name in &pipe.decl {
            if pipe.is_assign && !self.known(name) {
                return Err((pipe.pos.line, format!("undefined variable {name:?}")));
            }
            if let Some(scope) = self.scopes.last_mut() {
                scope.insert(name.to_string());
            }
        }
        Ok(())
    }

    fn expr(&mut self, expr: &Expr) -> Checked {
        match expr {
            Expr::Variable(pos, name, _) if !self.known(name) => Err((pos.line, format!("undefined variable {name:?}"))),
            Expr::Identifier(pos, name) => match functions::find(name) {
                Some(_) => Ok(()),
                None => Err((pos.line, functions::unknown(name))),
            },
            Expr::Pipe(_, pipe) => self.pipe(pipe),
            Expr::Chain(_, inner, _) => self.expr(inner),
            _ => Ok(()),
        }
    }

    fn known(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.contains(name))
    }
}
