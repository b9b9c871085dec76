use super::*;
use rstest::rstest;
use serde_json::json;

struct Fixed;

impl Names for Fixed {
    fn resolve(&self, expression: &Expression) -> Result<Value, String> {
        match expression {
            Expression::Data(data) => match data.name.as_str() {
                "gone" => Err("it is gone".into()),
                "list" => Ok(json!([1, 2])),
                "number" => Ok(json!(3)),
                _ => Ok(format!("<{data}>").into()),
            },
            expression => Ok(format!("<{expression}>").into()),
        }
    }
}

#[rstest]
#[case("plain", "plain")]
#[case("a ${{ vars.x }} b ${{run.id}}", "a <vars.x> b <run.id>")]
#[case("${{ clusters.dataplane_1.api.pods }}/v1", "<clusters.dataplane_1.api.pods>/v1")]
#[case("${{ clusters.a-b.api.host }}", "<clusters.a-b.api.host>")]
#[case("${{ clusters.c.ingress.pods }}", "<clusters.c.ingress.pods>")]
#[case(
    "${{ clusters.c.services['flyte/flyteadmin:81'].pods }}",
    "<clusters.c.services['flyte/flyteadmin:81'].pods>"
)]
#[case("${{ steps.a.stdout }}${{ steps.a.stdout.b_1 }}", "<steps.a.stdout><steps.a.stdout.b_1>")]
#[case(
    "${{ each.team.name }} ${{ namespaces.app }} ${{ vars.number }}",
    "<each.team.name> <namespaces.app> 3"
)]
#[case("$ {{ not }} {{ project }}", "$ {{ not }} {{ project }}")]
fn texts(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(interpolate_text(text, &Fixed).as_deref(), Ok(expected));
}

#[rstest]
#[case("x ${{ vars.x", 2..12, "`${{` has no `}}`", None)]
#[case("${{ cluster.a.api.pods }}", 4..11, "unknown name `cluster`", Some("did you mean `clusters`?"))]
#[case("${{ clusters.a.api.pod }}", 19..22, "unknown name `pod`", Some("did you mean `pods`?"))]
#[case("${{ clusters.a }}", 15..15, "the expression ends where `api` or `ingress` or `services` should stand", None)]
#[case("${{ run.id.more }}", 11..15, "`more` is too much", None)]
#[case("${{ clusters.a.services['x'].pods }}", 25..26, "`x` is no Service of the form 'namespace/name:port'", None)]
#[case("${{ clusters.a.services['x }}", 23..26, "`['` has no `']`", None)]
#[case("${{ }}", 4..5, "expected a name, found its end", None)]
#[case("${{ run..id }}", 7..8, "expected a name, found `.`", None)]
#[case("${{ run id }}", 7..8, "expected a name, found ` `", None)]
#[case("a ${{ vars.list }}", 2..18, "`vars.list` is a list, which cannot stand in a text", None)]
#[case("${{ vars.gone }}", 0..16, "`vars.gone` has no value: it is gone", None)]
fn errors(#[case] text: &str, #[case] range: Range<usize>, #[case] message: &str, #[case] help: Option<&str>) {
    let error = interpolate(text, &Fixed).unwrap_err();
    assert_eq!((error.message.as_str(), error.help.as_deref()), (message, help));
    assert_eq!(error.range, range, "{text}");
}

#[test]
fn values_but_not_keys() {
    let value = json!({"${{ vars.k }}": ["${{ run.seed }}", 1, null]});
    assert_eq!(
        interpolate_value(&value, &Fixed),
        Ok(json!({"${{ vars.k }}": ["<run.seed>", 1, null]}))
    );
}

#[rstest]
#[case("${{ vars.list }}", json!([1, 2]))]
#[case("${{ vars.number }}", json!(3))]
#[case(" ${{ vars.number }}", json!(" 3"))]
#[case("${{ vars.number }}${{ vars.number }}", json!("33"))]
fn a_whole_value_keeps_its_type(#[case] text: &str, #[case] expected: Value) {
    assert_eq!(interpolate(text, &Fixed), Ok(expected));
}

#[rstest]
#[case("${{ clusters.dataplane_1.api.pods }}", None)]
#[case("${{ clusters.dataplane1.api.pods }}", Some(("unknown cluster `dataplane1`", "did you mean `dataplane_1`?")))]
#[case("${{ vars.x }}", Some(("unknown variable `x`", "allowed: `team`")))]
#[case("${{ vars.team.name }}", None)]
#[case("${{ vars.team.members.0 }}", None)]
#[case("${{ vars.team.nmae }}", Some(("`vars.team` has no field `nmae`", "did you mean `name`?")))]
#[case("${{ vars.team.members.1 }}", Some(("`vars.team.members` is a list of 1, and has no place `1`", "places count from 0")))]
#[case("${{ each.x }}", Some(("unknown variable of a `for` `x`", "`each` is known in the steps of a `for`")))]
#[case("${{ namespaces.app }}", Some(("unknown namespace `app`", "there is none yet")))]
#[case("${{ steps.read.image }}", None)]
#[case("${{ steps.raed.image }}", Some(("no earlier step with outputs has the id `raed`", "did you mean `read`?")))]
#[case("${{ steps.read.imgae }}", Some(("step `read` has no output `imgae`", "did you mean `image`?")))]
#[case("${{ steps.read.image.controlplan }}", Some(("step `read` does not run on `controlplan`", "did you mean `controlplane`?")))]
#[case("${{ steps.many.stdout }}", Some(("step `many` runs on 2 clusters: which of them?", "write `steps.many.stdout.dataplane_1`")))]
#[case("${{ steps.many.stdout.controlplane }}", None)]
fn unknown_names_get_suggestions(#[case] text: &str, #[case] wrong: Option<(&str, &str)>) {
    let clusters = ["dataplane_1".to_owned(), "controlplane".to_owned()];
    let bindings = Bindings {
        vars: [("team".to_owned(), json!({"name": "a", "members": ["b"]}))].into(),
        ..Bindings::default()
    };
    let outputs = |name: &str, of: OutputType, clusters: &[String]| Outputs {
        types: [(name.to_owned(), of)].into(),
        clusters: clusters.to_vec(),
    };
    let known = Known {
        clusters: clusters.iter().collect(),
        bindings: &bindings,
        steps: &[
            ("read".to_owned(), outputs("image", OutputType::Text, &clusters[1..])),
            ("many".to_owned(), outputs("stdout", OutputType::Text, &clusters)),
        ]
        .into(),
    };
    let error = known.check(&find(text).unwrap().0[0], false).err();
    let error = error.map(|error| (error.message, error.help.unwrap_or_default()));
    assert_eq!(error, wrong.map(|(message, help)| (message.to_owned(), help.to_owned())));
}
