//! A container's resources as numbers: `resourceFieldRef`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, ResourceFieldSelector};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// The value of a `resourceFieldRef`, in units of its divisor and rounded up; `None` if it names no resource.
///
/// A limit that is not set is what the node has.
pub(crate) fn resource(container: &Container, selector: &ResourceFieldSelector, node: &BTreeMap<String, String>) -> Option<String> {
    let (kind, name) = selector.resource.split_once('.')?;
    let resources = container.resources.clone().unwrap_or_default();
    let given = match kind {
        "limits" => resources.limits,
        "requests" => resources.requests,
        _ => return None,
    };
    if !matches!(name, "cpu" | "memory" | "ephemeral-storage") && !name.starts_with("hugepages-") {
        return None;
    }
    let amount = match given.and_then(|given| given.get(name).cloned()) {
        Some(Quantity(amount)) => amount,
        None if kind == "limits" => node.get(name).cloned().unwrap_or_else(|| "0".to_owned()),
        None => "0".to_owned(),
    };
    let divisor = selector.divisor.as_ref().map_or("1", |Quantity(divisor)| divisor.as_str());
    let divisor = nano(divisor).filter(|divisor| *divisor > 0).unwrap_or(NANO);
    let amount = nano(&amount)?;
    Some(((amount + divisor - 1) / divisor).to_string())
}

const NANO: i128 = 1_000_000_000;

/// A quantity in billionths; `None` if it is none.
fn nano(text: &str) -> Option<i128> {
    let end = text
        .find(|next: char| !next.is_ascii_digit() && next != '.' && next != '+' && next != '-')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let scale = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let unit = match suffix {
        "n" => 1,
        "u" => 1_000,
        "m" => 1_000_000,
        "" => NANO,
        "k" => NANO * 1_000,
        "M" => NANO * 1_000_000,
        "G" => NANO * NANO,
        "T" => NANO * NANO * 1_000,
        "P" => NANO * NANO * 1_000_000,
        "E" => NANO * NANO * NANO,
        "Ki" => NANO << 10,
        "Mi" => NANO << 20,
        "Gi" => NANO << 30,
        "Ti" => NANO << 40,
        "Pi" => NANO << 50,
        "Ei" => NANO << 60,
        exponent => NANO.checked_mul(10i128.checked_pow(exponent.strip_prefix(['e', 'E'])?.parse().ok()?)?)?,
    };
    Some(digits.checked_mul(unit)? / scale)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::resource;

    #[test]
    fn amounts_are_divided_and_rounded_up() {
        let container = serde_json::from_value(json!({"name": "c", "resources": {
            "limits": {"cpu": "250m", "memory": "500Mi"}, "requests": {"memory": "1.5Gi"}}}))
        .unwrap();
        let node = BTreeMap::from([("ephemeral-storage".to_owned(), "1e3".to_owned())]);
        for (name, divisor, expected) in [
            ("limits.cpu", "0", Some("1")),
            ("limits.cpu", "1m", Some("250")),
            ("limits.memory", "1Mi", Some("500")),
            ("requests.memory", "1", Some("1610612736")),
            ("requests.cpu", "1", Some("0")),
            ("limits.ephemeral-storage", "1", Some("1000")),
            ("limits.pods", "1", None),
            ("memory", "1", None),
        ] {
            let selector = serde_json::from_value(json!({"resource": name, "divisor": divisor})).unwrap();
            assert_eq!(resource(&container, &selector, &node).as_deref(), expected, "{name}/{divisor}");
        }
    }
}
