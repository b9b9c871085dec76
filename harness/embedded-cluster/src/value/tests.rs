use super::{Map, Value, json};

#[test]
fn a_copy_shares_with_its_original_until_one_is_changed() {
    let original = json!({"metadata": {"name": "a", "labels": {"x": "1"}}, "spec": {"ports": [80, 443]}});
    let mut copy = original.clone();
    copy["metadata"]["name"] = "b".into();
    copy["spec"]["ports"][1] = 8443.into();
    assert_eq!(
        original,
        json!({"metadata": {"name": "a", "labels": {"x": "1"}}, "spec": {"ports": [80, 443]}})
    );
    assert_eq!(copy["metadata"]["name"], "b");
    assert_eq!(copy["spec"]["ports"], json!([80, 8443]));
    let address = |value: &Value| std::ptr::from_ref(value.as_object().and_then(|labels| labels.get("x")).unwrap());
    assert_eq!(
        address(&original["metadata"]["labels"]),
        address(&copy["metadata"]["labels"]),
        "what is equal is shared"
    );
}

#[test]
fn fields_are_in_order_and_the_last_of_equal_ones_counts() {
    let value: Value = serde_json::from_str(r#"{"b": 1, "a": {"z": null, "y": []}, "b": 2}"#).unwrap();
    assert_eq!(value.to_string(), r#"{"a":{"y":[],"z":null},"b":2}"#);
    let mut map: Map = [("b", json!(1)), ("a", json!(true)), ("b", json!(2))].into_iter().collect();
    assert_eq!(Value::from(map.clone()).to_string(), r#"{"a":true,"b":2}"#);
    assert_eq!(map.insert("a", json!("x")), Some(json!(true)));
    assert_eq!(map.insert("aa", Value::Null), None);
    *map.entry("c").or_insert(json!(0)) = json!(3);
    map.entry("c").or_insert_with(|| json!(9));
    map.retain(|key, _| key != "b");
    assert_eq!(Value::from(map).to_string(), r#"{"a":"x","aa":null,"c":3}"#);
}

#[test]
fn what_is_not_there_is_null_and_is_made_when_it_is_set() {
    let mut value = Value::Null;
    assert!(value["a"]["b"][3].is_null());
    value["a"]["b"] = json!([1]);
    assert_eq!(value, json!({"a": {"b": [1]}}));
    assert_eq!(value.pointer("/a/b/0"), Some(&json!(1)));
    assert_eq!(value.pointer("/a/b/00"), None);
    assert_eq!(value.pointer("a"), None);
    assert_eq!(value.pointer(""), Some(&value));
    assert_eq!(json!({"x/y": {"~": 1}}).pointer("/x~1y/~0"), Some(&json!(1)));
}

#[test]
fn numbers_strings_and_escapes_survive_a_round_trip() {
    for text in [
        r#"[-1,18446744073709551615,1.5,1e300,true,null,""]"#,
        r#"{"a long key that does not fit in place":"\"\\\n\u0001é€😀 and so on, for longer than a short string"}"#,
    ] {
        let value: Value = serde_json::from_str(text).unwrap();
        let there: serde_json::Value = (&value).into();
        assert_eq!(Value::from(there.clone()), value);
        assert_eq!(value.to_string(), there.to_string());
    }
    assert!(serde_json::from_str::<Value>("{\"a\":}").is_err());
}
