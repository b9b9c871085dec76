//! Messages that workflows are made of.

use flyte::proto::core::{
    Binding, BindingData, Container, GateNode, Identifier, Literal, LiteralCollection, LiteralMap, LiteralType, Node, OutputReference,
    Primitive, ResourceType, Scalar, SimpleType, TaskNode, TaskTemplate, TypedInterface, Variable, VariableMap, binding_data, gate_node,
    literal, literal_type, node, primitive, scalar, task_node, task_template,
};

use super::super::plane::{DOMAIN, PROJECT};

/// Arguments of a task that takes a minute, and then has the output `o0`, 1.
pub(super) const A_MINUTE: [&str; 6] = [
    "--duration",
    "1m",
    "--outputs",
    "{\"o0\": 1}",
    "--output-prefix",
    "{{.outputPrefix}}",
];

pub(super) fn identifier(kind: ResourceType, name: &str) -> Identifier {
    Identifier {
        resource_type: kind as i32,
        project: PROJECT.to_owned(),
        domain: DOMAIN.to_owned(),
        name: name.to_owned(),
        version: "v1".to_owned(),
        org: String::new(),
    }
}

pub(super) fn simple(kind: SimpleType) -> LiteralType {
    LiteralType {
        r#type: Some(literal_type::Type::Simple(kind as i32)),
        ..LiteralType::default()
    }
}

pub(super) fn list_of(kind: LiteralType) -> LiteralType {
    LiteralType {
        r#type: Some(literal_type::Type::CollectionType(Box::new(kind))),
        ..LiteralType::default()
    }
}

pub(super) fn variable(kind: LiteralType) -> Variable {
    Variable {
        r#type: Some(kind),
        ..Variable::default()
    }
}

pub(super) fn variables(of: &[(&str, LiteralType)]) -> VariableMap {
    let variables = of.iter().map(|(name, kind)| ((*name).to_owned(), variable(kind.clone())));
    VariableMap {
        variables: variables.collect(),
    }
}

pub(super) fn literal(value: literal::Value) -> Literal {
    Literal {
        value: Some(value),
        ..Literal::default()
    }
}

pub(super) fn number(value: i64) -> Literal {
    let primitive = Primitive {
        value: Some(primitive::Value::Integer(value)),
    };
    literal(literal::Value::Scalar(Box::new(Scalar {
        value: Some(scalar::Value::Primitive(primitive)),
    })))
}

pub(super) fn boolean(value: bool) -> Literal {
    let primitive = Primitive {
        value: Some(primitive::Value::Boolean(value)),
    };
    literal(literal::Value::Scalar(Box::new(Scalar {
        value: Some(scalar::Value::Primitive(primitive)),
    })))
}

pub(super) fn list(literals: Vec<Literal>) -> Literal {
    literal(literal::Value::Collection(LiteralCollection { literals }))
}

pub(super) fn map(literals: &[(&str, Literal)]) -> LiteralMap {
    let literals = literals.iter().map(|(name, literal)| ((*name).to_owned(), literal.clone()));
    LiteralMap {
        literals: literals.collect(),
    }
}

pub(super) fn binding(var: &str, data: BindingData) -> Binding {
    Binding {
        var: var.to_owned(),
        binding: Some(data),
    }
}

/// A node's output; the workflow's input, without a node.
pub(super) fn promise(node: &str, var: &str) -> BindingData {
    BindingData {
        value: Some(binding_data::Value::Promise(OutputReference {
            node_id: node.to_owned(),
            var: var.to_owned(),
            ..OutputReference::default()
        })),
        ..BindingData::default()
    }
}

/// A task with input `x` and output `o0` that does as its arguments say.
pub(super) fn task(name: &str, output: LiteralType, arguments: &[&str]) -> TaskTemplate {
    TaskTemplate {
        id: Some(identifier(ResourceType::Task, name)),
        r#type: "python-task".to_owned(),
        interface: Some(TypedInterface {
            inputs: Some(variables(&[("x", list_of(simple(SimpleType::Integer)))])),
            outputs: Some(variables(&[("o0", output)])),
        }),
        target: Some(task_template::Target::Container(Container {
            image: "multiplane-task:v1".to_owned(),
            args: arguments.iter().map(|word| (*word).to_owned()).collect(),
            ..Container::default()
        })),
        ..TaskTemplate::default()
    }
}

pub(super) const ONE: [&str; 4] = ["--outputs", "{\"o0\": 1}", "--output-prefix", "{{.outputPrefix}}"];

pub(super) fn task_node(node: &str, task: &str, inputs: Vec<Binding>) -> Node {
    Node {
        id: node.to_owned(),
        inputs,
        target: Some(node::Target::TaskNode(TaskNode {
            reference: Some(task_node::Reference::ReferenceId(identifier(ResourceType::Task, task))),
            ..TaskNode::default()
        })),
        ..Node::default()
    }
}

pub(super) fn gate(condition: gate_node::Condition, inputs: Vec<Binding>) -> Node {
    Node {
        id: "n0".to_owned(),
        inputs,
        target: Some(node::Target::GateNode(GateNode {
            condition: Some(condition),
        })),
        ..Node::default()
    }
}
