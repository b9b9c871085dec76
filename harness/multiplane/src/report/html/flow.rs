//! Executions as streams from the steps that submitted them to the places where they landed.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::markup::text;
use super::world::Place;
use crate::report::text::count;

/// Where streams get too many to follow, the places alone tell more.
const SOURCES: usize = 8;
/// Places that fit side by side.
const PLACES: usize = 6;
/// Names that fit side by side on a phone.
const NARROW_PAGE: usize = 4;
/// Size of the drawing, in its own units: it is stretched to the width of the page.
const WIDTH: usize = 1000;
const HEIGHT: usize = 70;
/// Width of all streams together.
const BROAD: usize = 240;
/// Width of the narrowest stream.
const NARROW: usize = 3;

/// Streams of one submit step: by place and class, how many.
type Streams = IndexMap<(usize, &'static str), usize>;

/// A drawing to put above the places. Empty where there is nothing to see in it.
pub(super) fn flow(places: &[Place<'_>]) -> String {
    let mut sources: IndexMap<&str, Streams> = IndexMap::new();
    for (index, place) in places.iter().enumerate() {
        for execution in &place.here {
            *sources
                .entry(execution.submit)
                .or_default()
                .entry((index, execution.class()))
                .or_default() += 1;
        }
    }
    let all: usize = sources.values().flat_map(Streams::values).sum();
    if all == 0 || sources.len() > SOURCES || places.len() > PLACES {
        return String::new();
    }
    let broad = |number: usize| (number * BROAD / all).max(NARROW);
    let centre = |index: usize, of: usize| (2 * index + 1) * WIDTH / (2 * of);
    let into = |place: usize| -> usize {
        let streams = sources.values().flatten().filter(|((to, _), _)| *to == place);
        streams.map(|(_, number)| broad(*number)).sum()
    };
    let mut ends: Vec<usize> = (0..places.len())
        .map(|place| centre(place, places.len()).saturating_sub(into(place) / 2))
        .collect();
    let mut paths = String::new();
    let mut names = String::new();
    for (index, (submit, streams)) in sources.iter().enumerate() {
        let breadth: usize = streams.values().map(|number| broad(*number)).sum();
        let mut from = centre(index, sources.len()).saturating_sub(breadth / 2);
        for ((place, class), number) in streams {
            let to = ends[*place];
            let title = format!("{submit} → {}: {}", places[*place].name, count(*number, "execution"));
            paths += &path(class, from, to, broad(*number), &title);
            from += broad(*number);
            ends[*place] += broad(*number);
        }
        // One that is in two places is one execution all the same.
        let here = places.iter().flat_map(|place| &place.here);
        let number = here
            .filter(|execution| execution.submit == *submit)
            .map(|execution| execution.name)
            .collect::<BTreeSet<_>>()
            .len();
        names += &format!("<span><b>{}</b> × {number}</span>", text(submit));
    }
    let ends: String = places.iter().map(|place| format!("<span>{}</span>", text(place.name))).collect();
    let crowded = if sources.len().max(places.len()) > NARROW_PAGE {
        " crowded"
    } else {
        ""
    };
    format!(
        "<div class=\"flow{crowded}\"><p>{names}</p><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"From submit steps to clusters\">\n{paths}</svg><p class=\"ends\">{ends}</p></div>\n"
    )
}

fn path(class: &str, from: usize, to: usize, broad: usize, title: &str) -> String {
    let (middle, from_end, to_end) = (HEIGHT / 2, from + broad, to + broad);
    format!(
        "<path class=\"{class}\" d=\"M{from} 0C{from} {middle} {to} {middle} {to} {HEIGHT}H{to_end}C{to_end} {middle} {from_end} {middle} \
         {from_end} 0Z\"><title>{}</title></path>\n",
        text(title)
    )
}
