//! OpenAPI v2 as protobuf: the messages of `openapi.v2` (gnostic), which Kubernetes' clients read.

use serde_json::Value;

/// A message in the making. Numbers of fields are those of gnostic's `OpenAPIv2.proto`.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.0.push((number & 0x7f) as u8);
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn text(&mut self, field: u64, value: &Value) {
        self.bytes(field, value.as_str().unwrap_or_default().as_bytes());
    }

    /// One text, or each of several.
    fn texts(&mut self, field: u64, value: &Value) {
        match value.as_array() {
            Some(several) => several.iter().for_each(|one| self.text(field, one)),
            None => self.text(field, value),
        }
    }

    fn number(&mut self, field: u64, value: &Value) {
        self.varint(field << 3);
        self.varint(value.as_u64().unwrap_or_else(|| u64::from(value.as_bool().unwrap_or_default())));
    }

    fn double(&mut self, field: u64, value: &Value) {
        self.varint(field << 3 | 1);
        self.0.extend_from_slice(&value.as_f64().unwrap_or_default().to_le_bytes());
    }

    fn message(&mut self, field: u64, fill: impl FnOnce(&mut Message)) {
        let mut part = Message::default();
        fill(&mut part);
        self.bytes(field, &part.0);
    }

    /// Any value, as YAML; JSON is that, too.
    fn any(&mut self, field: u64, value: &Value) {
        self.message(field, |any| any.bytes(2, value.to_string().as_bytes()));
    }

    fn named(&mut self, field: u64, name: &str, fill: impl FnOnce(&mut Message)) {
        self.message(field, |named| {
            named.bytes(1, name.as_bytes());
            named.message(2, fill);
        });
    }

    fn extension(&mut self, field: u64, name: &str, value: &Value) {
        self.message(field, |named| {
            named.bytes(1, name.as_bytes());
            named.any(2, value);
        });
    }
}

/// A whole document.
pub(super) fn document(document: &Value) -> Vec<u8> {
    let mut message = Message::default();
    message.text(1, &document["swagger"]);
    message.message(2, |info| {
        info.text(1, &document["info"]["title"]);
        info.text(2, &document["info"]["version"]);
    });
    message.message(8, |paths| {
        for (path, item) in fields(&document["paths"]) {
            paths.named(2, path, |message| path_item(message, item));
        }
    });
    message.message(9, |definitions| {
        for (name, definition) in fields(&document["definitions"]) {
            definitions.named(1, name, |message| schema(message, definition));
        }
    });
    message.0
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn path_item(message: &mut Message, item: &Value) {
    for (key, value) in fields(item) {
        let field = match key.as_str() {
            "get" => 2,
            "put" => 3,
            "post" => 4,
            "delete" => 5,
            "options" => 6,
            "head" => 7,
            "patch" => 8,
            "parameters" => {
                parameters(message, 9, value);
                continue;
            }
            _ => continue,
        };
        message.message(field, |message| operation(message, value));
    }
}

fn operation(message: &mut Message, operation: &Value) {
    for (key, value) in fields(operation) {
        match key.as_str() {
            "tags" => message.texts(1, value),
            "description" => message.text(3, value),
            "operationId" => message.text(5, value),
            "produces" => message.texts(6, value),
            "consumes" => message.texts(7, value),
            "parameters" => parameters(message, 8, value),
            "responses" => message.message(9, |responses| {
                for (code, response) in fields(value) {
                    let fill = |message: &mut Message| {
                        message.text(1, &response["description"]);
                        if let Some(body) = response.get("schema") {
                            message.message(2, |item| item.message(1, |message| schema(message, body)));
                        }
                    };
                    responses.named(1, code, |value| value.message(1, fill));
                }
            }),
            _ if key.starts_with("x-") => message.extension(13, key, value),
            _ => {}
        }
    }
}

fn parameters(message: &mut Message, field: u64, parameters: &Value) {
    for parameter in parameters.as_array().into_iter().flatten() {
        message.message(field, |item| item.message(1, |choice| parameter_of(choice, parameter)));
    }
}

fn parameter_of(choice: &mut Message, parameter: &Value) {
    let place = parameter["in"].as_str().unwrap_or_default();
    if place == "body" {
        return choice.message(1, |body| {
            body.text(2, &parameter["name"]);
            body.text(3, &parameter["in"]);
            body.number(4, &parameter["required"]);
            body.message(5, |message| schema(message, &parameter["schema"]));
        });
    }
    // In the query a parameter may also be empty, which moves the later fields by one.
    let (which, shift) = if place == "path" { (4, 0) } else { (3, 1) };
    choice.message(2, |other| {
        other.message(which, |message| {
            message.number(1, &parameter["required"]);
            message.text(2, &parameter["in"]);
            message.text(4, &parameter["name"]);
            message.text(5 + shift, &parameter["type"]);
            if parameter["uniqueItems"] == true {
                message.number(19 + shift, &parameter["uniqueItems"]);
            }
        });
    });
}

fn schema(message: &mut Message, schema_of: &Value) {
    for (key, value) in fields(schema_of) {
        match key.as_str() {
            "$ref" => message.text(1, value),
            "format" => message.text(2, value),
            "title" => message.text(3, value),
            "description" => message.text(4, value),
            "multipleOf" => message.double(6, value),
            "maximum" => message.double(7, value),
            "exclusiveMaximum" => message.number(8, value),
            "minimum" => message.double(9, value),
            "exclusiveMinimum" => message.number(10, value),
            "maxLength" => message.number(11, value),
            "minLength" => message.number(12, value),
            "pattern" => message.text(13, value),
            "maxItems" => message.number(14, value),
            "minItems" => message.number(15, value),
            "uniqueItems" => message.number(16, value),
            "maxProperties" => message.number(17, value),
            "minProperties" => message.number(18, value),
            "required" => message.texts(19, value),
            "enum" => value.as_array().into_iter().flatten().for_each(|one| message.any(20, one)),
            "additionalProperties" => message.message(21, |item| match value {
                Value::Bool(_) => item.number(2, value),
                _ => item.message(1, |message| schema(message, value)),
            }),
            "type" => message.message(22, |item| item.texts(1, value)),
            "items" => message.message(23, |item| item.message(1, |message| schema(message, value))),
            "properties" => message.message(25, |properties| {
                for (name, property) in fields(value) {
                    properties.named(1, name, |message| schema(message, property));
                }
            }),
            _ if key.starts_with("x-") => message.extension(31, key, value),
            _ => {}
        }
    }
}
