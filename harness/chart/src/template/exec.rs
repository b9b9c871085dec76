//! Running a tree: control flow, variables and output.

use std::rc::Rc;

use gotmpl::parse::{BranchNode, ListNode, Node, Pos, SmolStr, TemplateNode};

use super::engine::Engine;
use super::parse::Tree;
use super::{Fault, Result, Value, go_text};

/// Rounds a single `range` may take; beyond it the chart is refused.
const MAX_ROUNDS: i64 = 1_000_000;

/// What a node asks of the loop around it.
#[derive(PartialEq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// One run of one template.
pub(super) struct Exec<'e> {
    pub(super) engine: &'e mut Engine,
    pub(super) tree: Rc<Tree>,
    vars: Vec<(SmolStr, Value)>,
}

impl<'e> Exec<'e> {
    pub(super) fn new(engine: &'e mut Engine, tree: Rc<Tree>, data: &Value) -> Self {
        Exec {
            engine,
            tree,
            vars: vec![(SmolStr::new_static("$"), data.clone())],
        }
    }

    pub(super) fn run(mut self) -> Result<String> {
        let tree = Rc::clone(&self.tree);
        let data = self.vars[0].1.clone();
        let mut out = String::new();
        match self.list(&tree.root, &data, &mut out)? {
            Flow::Next => Ok(out),
            Flow::Break | Flow::Continue => Err(Fault::new("break or continue outside {{range}}")),
        }
    }

    fn list(&mut self, list: &ListNode, dot: &Value, out: &mut String) -> Result<Flow> {
        for node in &list.nodes {
            let flow = self.node(node, dot, out)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn node(&mut self, node: &Node, dot: &Value, out: &mut String) -> Result<Flow> {
        match node {
            Node::Text(text) => out.push_str(&text.text),
            Node::Action(action) => {
                let value = self.pipe(dot, &action.pipe)?;
                if action.pipe.decl.is_empty() {
                    match value {
                        Value::Nil => out.push_str("<no value>"),
                        value => out.push_str(&go_text(&value)),
                    }
                }
            }
            Node::If(branch) => return self.scoped(|run| run.condition(branch, dot, false, out)),
            Node::With(branch) => return self.scoped(|run| run.condition(branch, dot, true, out)),
            Node::Range(branch) => return self.scoped(|run| run.range(branch, dot, out)),
            Node::Template(call) => self.template(call, dot, out)?,
            Node::List(list) => return self.list(list, dot, out),
            Node::Define(_) => {}
            Node::Break(_) => return Ok(Flow::Break),
            Node::Continue(_) => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn scoped<T>(&mut self, body: impl FnOnce(&mut Self) -> T) -> T {
        let depth = self.vars.len();
        let result = body(self);
        self.vars.truncate(depth);
        result
    }

    fn condition(&mut self, branch: &BranchNode, dot: &Value, with: bool, out: &mut String) -> Result<Flow> {
        let value = self.pipe(dot, &branch.pipe)?;
        match &branch.else_body {
            _ if value.truthy() => self.list(&branch.body, if with { &value } else { dot }, out),
            Some(body) => self.list(body, dot, out),
            None => Ok(Flow::Next),
        }
    }

    fn range(&mut self, branch: &BranchNode, dot: &Value, out: &mut String) -> Result<Flow> {
        let value = self.pipe_value(dot, &branch.pipe)?;
        let items = items(&value, branch.pipe.decl.len()).map_err(|message| {
            self.place(Fault::new(message), branch.pipe.pos, || {
                branch
                    .pipe
                    .commands
                    .iter()
                    .map(super::node_text::command)
                    .collect::<Vec<_>>()
                    .join(" | ")
            })
        })?;
        if items.is_empty() {
            return branch.else_body.as_ref().map_or(Ok(Flow::Next), |body| self.list(body, dot, out));
        }
        for (key, item) in items {
            let flow = self.scoped(|run| {
                run.bind_round(branch, key, &item);
                run.list(&branch.body, &item, out)
            })?;
            if flow == Flow::Break {
                break;
            }
        }
        Ok(Flow::Next)
    }

    fn bind_round(&mut self, branch: &BranchNode, key: Value, item: &Value) {
        let names = &branch.pipe.decl;
        let values = if names.len() == 1 {
            vec![item.clone()]
        } else {
            vec![key, item.clone()]
        };
        for (name, value) in names.iter().zip(values) {
            if branch.pipe.is_assign {
                self.assign(name, value);
            } else {
                self.declare(name, value);
            }
        }
    }

    fn template(&mut self, call: &TemplateNode, dot: &Value, out: &mut String) -> Result<()> {
        let text = || format!("{{{{template {:?}}}}}", call.name.as_str());
        let data = match &call.pipe {
            Some(pipe) => self.pipe(dot, pipe)?,
            None => Value::Nil,
        };
        if !self.engine.has(&call.name) {
            let fault = Fault::new(format!("template {:?} not defined", call.name.as_str()));
            return Err(self.place(fault, call.pos, text));
        }
        // Unlike `include`, a fault inside keeps only its own place.
        out.push_str(&self.engine.run(&call.name, &data)?);
        Ok(())
    }

    pub(super) fn declare(&mut self, name: &SmolStr, value: Value) {
        self.vars.push((name.clone(), value));
    }

    pub(super) fn assign(&mut self, name: &SmolStr, value: Value) {
        if let Some(slot) = self.vars.iter_mut().rev().find(|(known, _)| known == name) {
            slot.1 = value;
        }
    }

    pub(super) fn variable(&self, name: &str) -> Result<Value> {
        let found = self.vars.iter().rev().find(|(known, _)| known == name);
        found
            .map(|(_, value)| value.clone())
            .ok_or_else(|| Fault::new(format!("undefined variable: {name}")))
    }

    /// Gives a fault its place, unless a node further inside has.
    pub(super) fn place(&self, mut fault: Fault, pos: Pos, text: impl FnOnce() -> String) -> Fault {
        if !fault.placed {
            fault.frames.push(self.tree.frame(pos.offset, pos.line, text()));
            fault.placed = true;
        }
        fault
    }
}

/// The rounds of a `range`, in Go's order.
fn items(value: &Value, names: usize) -> std::result::Result<Vec<(Value, Value)>, String> {
    Ok(match value {
        Value::Nil => Vec::new(),
        Value::List(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| (Value::Int(i as i64), item.clone()))
            .collect(),
        Value::Map(map) => map.borrow().iter().map(|(k, v)| (Value::Str(Rc::clone(k)), v.clone())).collect(),
        Value::Int(n) | Value::Int64(n) => {
            if names > 1 {
                return Err(format!("can't use {n} to iterate over more than one variable"));
            }
            if *n > MAX_ROUNDS {
                return Err(format!("range over {n} exceeds the limit of {MAX_ROUNDS} rounds"));
            }
            (0..*n).map(|i| (Value::Int(i), Value::Int(i))).collect()
        }
        Value::Object(object) => match object.plain() {
            Value::Object(_) => return Err(format!("range can't iterate over {}", object.text())),
            plain => return items(&plain, names),
        },
        other => return Err(format!("range can't iterate over {}", go_text(other))),
    })
}
