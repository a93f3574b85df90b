//! How far records came that are not in staging in time.

use jiff::{Timestamp, ToSpan, Unit};
use lake::{LandingObject, OutputKeys};

use super::{Error, Outputs};
use crate::objects::{self, Objects, S3Uri};

/// How Firehose begins the keys of an hour, as template.yaml tells it to.
const HOUR: &str = "landing/year=%Y/month=%m/day=%d/hour=%H/";

/// Why records that were sent at `since` are not in staging: the first stage that has not answered
/// for all that landed since. It only lists, so that nobody needs to be able to read what landed.
pub(super) async fn why_not_loaded(
    objects: &Objects,
    outputs: &Outputs,
    since: Timestamp,
) -> Error {
    find(objects, outputs, since).await.unwrap_or_else(Error::Lost)
}

async fn find(
    objects: &Objects,
    outputs: &Outputs,
    since: Timestamp,
) -> Result<Error, objects::Error> {
    let mut has_landed = false;
    for prefix in hours(since, Timestamp::now()) {
        let prefix = S3Uri { bucket: outputs.bucket.clone(), key: prefix };
        for object in objects.landed(&prefix, since).await? {
            has_landed = true;
            if !has_ledger_entry(objects, &object).await? {
                return Ok(Error::NotTransformed {
                    object: object.uri(),
                    queue: outputs.transform_failures.clone(),
                    function: outputs.transform.clone(),
                });
            }
        }
    }
    Ok(if has_landed {
        Error::NotLoaded {
            queue: outputs.load_dead_letters.clone(),
            function: outputs.load.clone(),
        }
    } else {
        Error::NotLanded { bucket: outputs.bucket.clone(), stream: outputs.stream.clone() }
    })
}

async fn has_ledger_entry(
    objects: &Objects,
    landed: &LandingObject,
) -> Result<bool, objects::Error> {
    let Ok(keys) = OutputKeys::new(landed) else { return Ok(false) };
    let entry = S3Uri { bucket: landed.bucket.clone(), key: keys.ledger() };
    Ok(objects.list(&entry).await?.contains(&entry))
}

/// The prefixes of every hour from one time to another.
fn hours(from: Timestamp, to: Timestamp) -> Vec<String> {
    let first =
        from.round(jiff::TimestampRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Floor));
    let hours = std::iter::successors(first.ok(), |hour| hour.checked_add(1.hour()).ok());
    hours.take_while(|hour| *hour <= to).map(|hour| hour.strftime(HOUR).to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_begin_with_the_one_that_is_under_way() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(
            hours(at("2026-11-22T22:59:59Z"), at("2026-11-23T00:00:00Z")),
            [
                "landing/year=2026/month=11/day=22/hour=22/",
                "landing/year=2026/month=11/day=22/hour=23/",
                "landing/year=2026/month=11/day=23/hour=00/",
            ]
        );
        assert_eq!(hours(at("2026-11-22T22:59:59Z"), at("2026-11-22T22:59:59Z")).len(), 1);
    }

    #[test]
    fn the_template_delivers_to_these_hours() {
        let template = include_str!("../../../template.yaml");
        let expression = HOUR
            .replace("%Y", "!{timestamp:yyyy}")
            .replace("%m", "!{timestamp:MM}")
            .replace("%d", "!{timestamp:dd}")
            .replace("%H", "!{timestamp:HH}");
        assert!(template.contains(&expression), "{expression}");
    }
}
