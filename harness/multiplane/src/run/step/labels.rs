//! `label`: execution cluster labels.

use flyte::placement::AttributeKey;
use scenario::files;
use scenario::verb::Label;
use yaml::Spanned;

use super::failure::Failure;
use crate::run::context::Context;

/// Runs a `label` step.
pub(crate) async fn label(context: &mut Context<'_>, step: &Label) -> Result<(), Failure> {
    let (key, value) = match &step.attr_file {
        Some(file) => {
            let path = context.scenario().path(&file.value);
            let file = files::attributes(&path).map_err(|invalid| Failure::invalid("attribute-file", invalid.to_string()))?;
            (AttributeKey::new(&file.project, &file.domain, &file.workflow, ""), Some(file.value))
        }
        None => {
            let text = |part: &Option<Spanned<String>>| part.as_ref().map_or(String::new(), |part| part.value.clone());
            let key = AttributeKey::new(&text(&step.project), &text(&step.domain), &text(&step.workflow), "");
            (key, step.value.as_ref().map(|value| value.value.clone()))
        }
    };
    let admin = context.reach_admin().await?;
    match value.filter(|_| !step.delete) {
        Some(value) => admin.set_label(&key, &value).await?,
        None => admin.delete_label(&key).await?,
    }
    Ok(())
}
