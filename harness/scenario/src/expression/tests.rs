use super::*;
use rstest::rstest;
use serde_json::json;

struct Fixed;

impl Names for Fixed {
    fn resolve(&self, expression: &Expression) -> Result<String, String> {
        match expression {
            Expression::Var(name) if name == "gone" => Err("it is gone".into()),
            expression => Ok(format!("<{expression}>")),
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
#[case("$ {{ not }} {{ project }}", "$ {{ not }} {{ project }}")]
fn texts(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(interpolate(text, &Fixed).as_deref(), Ok(expected));
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

#[test]
fn unknown_names_get_suggestions() {
    let clusters = ["dataplane_1".to_owned(), "controlplane".to_owned()];
    let known = Known {
        clusters: clusters.iter().collect(),
        vars: Vec::new(),
    };
    let check = |text| {
        find(text)
            .unwrap()
            .0
            .iter()
            .map(|found| known.check(found))
            .collect::<Result<Vec<_>, _>>()
    };
    assert!(check("${{ clusters.dataplane_1.api.pods }}").is_ok());
    let error = check("${{ clusters.dataplane1.api.pods }}").unwrap_err();
    assert_eq!(error.message, "unknown cluster `dataplane1`");
    assert_eq!(error.help.as_deref(), Some("did you mean `dataplane_1`?"));
    assert_eq!(check("${{ vars.x }}").unwrap_err().message, "unknown variable `x`");
}
